//! Which kinds of syntax nodes define, name, import or hide something?
//!
//! One table per language, from the node kinds of its grammar to a [`Rule`].
//! Everything else is walked through.

use std::sync::OnceLock;

use backstory_model::Language;

/// What the walk does at a node of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Look at the children.
    Walk,
    /// Nothing inside matters.
    Skip,
    /// A use of a name, unless its parent declares it.
    Name,
    /// A comment: skipped, and what precedes it still belongs to what follows.
    Comment,
    /// A decorator or modifier: walked, and still belongs to what follows.
    Prefix,
    /// Its first definition starts where it starts.
    Wrapper,
    /// A Rust attribute: the next item starts here, and may be a test.
    Attribute,
    /// A Rust attribute of what encloses it.
    InnerAttribute,
    /// A function with a `name`; a method inside a type.
    Function,
    /// A Go method: its receiver names the type.
    GoMethod,
    /// A C function: the name is inside the declarator.
    DeclaredFunction,
    /// A type with a `name`.
    Type,
    /// A type with a `name`, only where it has a `body`.
    TypeWithBody,
    /// A C type definition: the name is inside the declarator.
    DeclaredType,
    /// A Rust `impl`: encloses methods of its `type`.
    Impl,
    /// A module or namespace with a `name`.
    Module,
    /// A macro with a `name`.
    Macro,
    /// Variables with a `name`, outside functions.
    Variable,
    /// A JavaScript variable: a function if its value is one.
    Binding,
    /// A Python assignment: its `left`, outside functions.
    Assignment,
    /// A JavaScript assignment: a definition if its value is a function.
    AssignedFunction,
    /// A C declaration: its initialized variables, outside functions.
    Declaration,
    /// A function without a name.
    Closure,
    /// An import.
    Import,
    /// A call that may be an import.
    Call,
}

/// Which children of a node are names it declares rather than uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declares {
    Nothing,
    Everything,
    Field(u16),
}

/// One grammar and what its node kinds mean.
pub(super) struct Grammar {
    pub(super) kind: Language,
    pub(super) language: tree_sitter::Language,
    rules: Vec<Rule>,
    declares: Vec<Declares>,
    pub(super) fields: Fields,
}

/// The fields the walk asks for, as ids; 0 is no field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) name: u16,
    pub(super) body: u16,
    pub(super) left: u16,
    pub(super) right: u16,
    pub(super) value: u16,
    pub(super) typed: u16,
    pub(super) declarator: u16,
    pub(super) receiver: u16,
    pub(super) property: u16,
    pub(super) function: u16,
    pub(super) arguments: u16,
    pub(super) source: u16,
    pub(super) path: u16,
    pub(super) module_name: u16,
    pub(super) argument: u16,
}

impl Grammar {
    /// Returns the table of a language; built once.
    pub(super) fn of(language: Language) -> &'static Self {
        static TABLES: [OnceLock<Grammar>; 9] = [const { OnceLock::new() }; 9];
        let at = match language {
            Language::Python => 0,
            Language::Rust => 1,
            Language::JavaScript => 2,
            Language::TypeScript => 3,
            Language::Tsx => 4,
            Language::Go => 5,
            Language::Java => 6,
            Language::C => 7,
            Language::Cpp => 8,
        };
        TABLES[at].get_or_init(|| Self::build(language))
    }

    pub(super) fn rule(&self, kind: u16) -> Rule {
        self.rules.get(usize::from(kind)).copied().unwrap_or(Rule::Walk)
    }

    pub(super) fn declares(&self, kind: u16) -> Declares {
        self.declares.get(usize::from(kind)).copied().unwrap_or(Declares::Nothing)
    }

    fn build(kind: Language) -> Self {
        let (language, rules, declares) = tables(kind);
        let field = |name: &str| language.field_id_for_name(name).map_or(0, std::num::NonZero::get);
        let ids = 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let named =
            |id: u16| language.node_kind_for_id(id).filter(|_| language.node_kind_is_named(id));
        let rule_of = |id: u16| {
            let rule = rules.iter().find(|(name, _)| Some(*name) == named(id));
            rule.map_or(Rule::Walk, |(_, rule)| *rule)
        };
        let declares_of = |id: u16| match declares.iter().find(|(name, _)| Some(*name) == named(id))
        {
            None => Declares::Nothing,
            Some((_, "*")) => Declares::Everything,
            Some((_, name)) => Declares::Field(field(name)),
        };
        Self {
            kind,
            rules: ids.clone().map(rule_of).collect(),
            declares: ids.map(declares_of).collect(),
            fields: Fields {
                name: field("name"),
                body: field("body"),
                left: field("left"),
                right: field("right"),
                value: field("value"),
                typed: field("type"),
                declarator: field("declarator"),
                receiver: field("receiver"),
                property: field("property"),
                function: field("function"),
                arguments: field("arguments"),
                source: field("source"),
                path: field("path"),
                module_name: field("module_name"),
                argument: field("argument"),
            },
            language,
        }
    }
}

type RuleRows = &'static [(&'static str, Rule)];
type DeclareRows = &'static [(&'static str, &'static str)];

fn tables(kind: Language) -> (tree_sitter::Language, RuleRows, DeclareRows) {
    match kind {
        Language::Python => (tree_sitter_python::LANGUAGE.into(), PYTHON, PYTHON_DECLARES),
        Language::Rust => (tree_sitter_rust::LANGUAGE.into(), RUST, RUST_DECLARES),
        Language::JavaScript => (tree_sitter_javascript::LANGUAGE.into(), SCRIPT, SCRIPT_DECLARES),
        Language::TypeScript => {
            (tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), SCRIPT, SCRIPT_DECLARES)
        }
        Language::Tsx => (tree_sitter_typescript::LANGUAGE_TSX.into(), SCRIPT, SCRIPT_DECLARES),
        Language::Go => (tree_sitter_go::LANGUAGE.into(), GO, GO_DECLARES),
        Language::Java => (tree_sitter_java::LANGUAGE.into(), JAVA, JAVA_DECLARES),
        Language::C => (tree_sitter_c::LANGUAGE.into(), C_FAMILY, C_FAMILY_DECLARES),
        Language::Cpp => (tree_sitter_cpp::LANGUAGE.into(), C_FAMILY, C_FAMILY_DECLARES),
    }
}

const PYTHON: RuleRows = &[
    ("identifier", Rule::Name),
    ("comment", Rule::Comment),
    ("decorator", Rule::Prefix),
    ("decorated_definition", Rule::Wrapper),
    ("function_definition", Rule::Function),
    ("class_definition", Rule::Type),
    ("assignment", Rule::Assignment),
    ("type_alias_statement", Rule::Assignment),
    ("lambda", Rule::Closure),
    ("import_statement", Rule::Import),
    ("import_from_statement", Rule::Import),
    ("future_import_statement", Rule::Import),
];

const PYTHON_DECLARES: DeclareRows = &[
    ("parameters", "*"),
    ("lambda_parameters", "*"),
    ("typed_parameter", "*"),
    ("default_parameter", "name"),
    ("typed_default_parameter", "name"),
    ("keyword_argument", "name"),
    ("assignment", "left"),
    ("for_statement", "left"),
    ("for_in_clause", "left"),
];

const RUST: RuleRows = &[
    ("identifier", Rule::Name),
    ("type_identifier", Rule::Name),
    ("field_identifier", Rule::Name),
    ("shorthand_field_identifier", Rule::Name),
    ("line_comment", Rule::Comment),
    ("block_comment", Rule::Comment),
    ("string_literal", Rule::Skip),
    ("raw_string_literal", Rule::Skip),
    ("attribute_item", Rule::Attribute),
    ("inner_attribute_item", Rule::InnerAttribute),
    ("function_item", Rule::Function),
    ("function_signature_item", Rule::Function),
    ("struct_item", Rule::Type),
    ("enum_item", Rule::Type),
    ("union_item", Rule::Type),
    ("trait_item", Rule::Type),
    ("type_item", Rule::Type),
    ("associated_type", Rule::Type),
    ("impl_item", Rule::Impl),
    ("mod_item", Rule::Module),
    ("macro_definition", Rule::Macro),
    ("const_item", Rule::Variable),
    ("static_item", Rule::Variable),
    ("closure_expression", Rule::Closure),
    ("use_declaration", Rule::Import),
    ("extern_crate_declaration", Rule::Import),
];

const RUST_DECLARES: DeclareRows = &[
    ("parameter", "pattern"),
    ("let_declaration", "pattern"),
    ("closure_parameters", "*"),
    ("field_initializer", "field"),
    ("field_declaration", "name"),
    ("enum_variant", "name"),
    ("type_parameter", "name"),
    ("const_parameter", "name"),
];

const SCRIPT: RuleRows = &[
    ("identifier", Rule::Name),
    ("type_identifier", Rule::Name),
    ("property_identifier", Rule::Name),
    ("private_property_identifier", Rule::Name),
    ("shorthand_property_identifier", Rule::Name),
    ("comment", Rule::Comment),
    ("string", Rule::Skip),
    ("regex", Rule::Skip),
    ("decorator", Rule::Prefix),
    ("export_statement", Rule::Wrapper),
    ("lexical_declaration", Rule::Wrapper),
    ("variable_declaration", Rule::Wrapper),
    ("ambient_declaration", Rule::Wrapper),
    ("function_declaration", Rule::Function),
    ("generator_function_declaration", Rule::Function),
    ("function_signature", Rule::Function),
    ("method_definition", Rule::Function),
    ("method_signature", Rule::Function),
    ("abstract_method_signature", Rule::Function),
    ("class_declaration", Rule::Type),
    ("abstract_class_declaration", Rule::Type),
    ("class", Rule::Type),
    ("interface_declaration", Rule::Type),
    ("type_alias_declaration", Rule::Type),
    ("enum_declaration", Rule::Type),
    ("internal_module", Rule::Module),
    ("module", Rule::Module),
    ("variable_declarator", Rule::Binding),
    ("field_definition", Rule::Binding),
    ("public_field_definition", Rule::Binding),
    ("assignment_expression", Rule::AssignedFunction),
    ("function_expression", Rule::Closure),
    ("generator_function", Rule::Closure),
    ("arrow_function", Rule::Closure),
    ("import_statement", Rule::Import),
    ("call_expression", Rule::Call),
];

const SCRIPT_DECLARES: DeclareRows = &[
    ("formal_parameters", "*"),
    ("required_parameter", "pattern"),
    ("optional_parameter", "pattern"),
    ("arrow_function", "parameter"),
    ("assignment_pattern", "left"),
    ("catch_clause", "parameter"),
    ("variable_declarator", "name"),
    ("pair", "key"),
    ("property_signature", "name"),
    ("type_parameter", "name"),
];

const GO: RuleRows = &[
    ("identifier", Rule::Name),
    ("type_identifier", Rule::Name),
    ("field_identifier", Rule::Name),
    ("package_identifier", Rule::Name),
    ("comment", Rule::Comment),
    ("interpreted_string_literal", Rule::Skip),
    ("raw_string_literal", Rule::Skip),
    ("package_clause", Rule::Skip),
    ("type_declaration", Rule::Wrapper),
    ("const_declaration", Rule::Wrapper),
    ("var_declaration", Rule::Wrapper),
    ("function_declaration", Rule::Function),
    ("method_declaration", Rule::GoMethod),
    ("type_spec", Rule::Type),
    ("type_alias", Rule::Type),
    ("const_spec", Rule::Variable),
    ("var_spec", Rule::Variable),
    ("func_literal", Rule::Closure),
    ("import_spec", Rule::Import),
];

const GO_DECLARES: DeclareRows = &[
    ("parameter_declaration", "name"),
    ("variadic_parameter_declaration", "name"),
    ("type_parameter_declaration", "name"),
    ("field_declaration", "name"),
    ("const_spec", "name"),
    ("var_spec", "name"),
];

const JAVA: RuleRows = &[
    ("identifier", Rule::Name),
    ("type_identifier", Rule::Name),
    ("line_comment", Rule::Comment),
    ("block_comment", Rule::Comment),
    ("string_literal", Rule::Skip),
    ("package_declaration", Rule::Skip),
    ("field_declaration", Rule::Wrapper),
    ("constant_declaration", Rule::Wrapper),
    ("class_declaration", Rule::Type),
    ("interface_declaration", Rule::Type),
    ("enum_declaration", Rule::Type),
    ("record_declaration", Rule::Type),
    ("annotation_type_declaration", Rule::Type),
    ("method_declaration", Rule::Function),
    ("constructor_declaration", Rule::Function),
    ("compact_constructor_declaration", Rule::Function),
    ("variable_declarator", Rule::Variable),
    ("enum_constant", Rule::Variable),
    ("modifiers", Rule::Prefix),
    ("lambda_expression", Rule::Closure),
    ("import_declaration", Rule::Import),
];

const JAVA_DECLARES: DeclareRows = &[
    ("formal_parameter", "name"),
    ("catch_formal_parameter", "name"),
    ("inferred_parameters", "*"),
    ("variable_declarator", "name"),
    ("element_value_pair", "key"),
    ("type_parameter", "*"),
];

const C_FAMILY: RuleRows = &[
    ("identifier", Rule::Name),
    ("type_identifier", Rule::Name),
    ("field_identifier", Rule::Name),
    ("namespace_identifier", Rule::Name),
    ("comment", Rule::Comment),
    ("string_literal", Rule::Skip),
    ("raw_string_literal", Rule::Skip),
    ("template_declaration", Rule::Wrapper),
    ("function_definition", Rule::DeclaredFunction),
    ("struct_specifier", Rule::TypeWithBody),
    ("union_specifier", Rule::TypeWithBody),
    ("enum_specifier", Rule::TypeWithBody),
    ("class_specifier", Rule::TypeWithBody),
    ("alias_declaration", Rule::Type),
    ("concept_definition", Rule::Type),
    ("type_definition", Rule::DeclaredType),
    ("namespace_definition", Rule::Module),
    ("declaration", Rule::Declaration),
    ("preproc_def", Rule::Macro),
    ("preproc_function_def", Rule::Macro),
    ("lambda_expression", Rule::Closure),
    ("preproc_include", Rule::Import),
];

const C_FAMILY_DECLARES: DeclareRows = &[
    ("parameter_declaration", "declarator"),
    ("field_declaration", "declarator"),
    ("init_declarator", "declarator"),
    ("declaration", "declarator"),
    ("pointer_declarator", "declarator"),
    ("function_declarator", "declarator"),
    ("enumerator", "name"),
    ("preproc_params", "*"),
    ("type_parameter_declaration", "*"),
];

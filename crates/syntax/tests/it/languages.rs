//! What is found in a realistic file of every language?

use std::fmt::Write as _;

use backstory_model::Language;
use backstory_syntax::parse;

fn described(language: Language, source: &str) -> String {
    let structure = parse(language, source.as_bytes());
    let mut text = String::new();
    for symbol in &structure.symbols {
        let (start, end) = (symbol.lines.start, symbol.lines.end);
        let kind = format!("{:?}", symbol.kind).to_lowercase();
        writeln!(text, "{start}-{end} {kind} {} @{}", symbol.qualified, symbol.name_line)
            .expect("writing to a string cannot fail");
    }
    for import in &structure.imports {
        writeln!(text, "import {} {:?} @{}", import.module, import.names, import.line)
            .expect("writing to a string cannot fail");
    }
    for range in &structure.test_lines {
        writeln!(text, "tests {}-{}", range.start, range.end)
            .expect("writing to a string cannot fail");
    }
    let mut last = 0;
    for reference in &structure.references {
        let start = if reference.line == last { " " } else { "\n" };
        let line =
            if reference.line == last { String::new() } else { format!("{}: ", reference.line) };
        write!(text, "{start}{line}{}", reference.name).expect("writing to a string cannot fail");
        last = reference.line;
    }
    writeln!(text, "\npartial: {}", structure.partial).expect("writing to a string cannot fail");
    text
}

macro_rules! sample {
    ($name:ident, $language:ident, $file:literal) => {
        #[test]
        fn $name() {
            let source = include_str!(concat!("samples/", $file));
            insta::assert_snapshot!(described(Language::$language, source));
        }
    };
}

sample!(python_classes_decorators_and_relative_imports, Python, "reader.py.txt");
sample!(rust_impls_macros_and_tests_inside_the_file, Rust, "reader.rs.txt");
sample!(javascript_modules_old_and_new, JavaScript, "reader.js.txt");
sample!(typescript_interfaces_and_type_imports, TypeScript, "reader.ts.txt");
sample!(jsx_components, Tsx, "list.tsx.txt");
sample!(go_receivers_groups_and_closures, Go, "reader.go.txt");
sample!(java_nested_types_and_static_imports, Java, "Reader.java.txt");
sample!(c_declarators_macros_and_typedefs, C, "reader.c.txt");
sample!(cpp_namespaces_templates_and_qualified_methods, Cpp, "reader.cpp.txt");

#[test]
fn a_broken_file_keeps_what_could_be_read() {
    let structure = parse(Language::Go, b"package a\n\nfunc Good() {}\n\nfunc Bad( {\n");
    assert!(structure.partial);
    assert!(structure.symbols.iter().any(|symbol| symbol.name == "Good"));
}

//! What is a writer asked when it is to think?
//!
//! In: a step and the thought it has. Out: the prompt. The writer sees the code, so what
//! it writes uses hindsight; the guard sees to it that nothing of the code is repeated.

use super::search::{BeforeWhat, ThoughtStep};

/// What ends a thought.
pub(super) const END: &str = "</thought>";

/// Asks for another thought in place of the current one.
pub(super) fn prompt(step: &ThoughtStep<'_>, current: Option<&str>, context: usize) -> String {
    let shown = tail(step.context, context);
    let task = match current {
        Some(_) => "Write a better one that takes its place.",
        None => "Write that thought.",
    };
    let current = current.map_or_else(String::new, |thought| {
        format!("<current_thought>\n{thought}\n</current_thought>\n")
    });
    let (opening, name) = match step.before_what {
        BeforeWhat::Code => (CODE, "code"),
        BeforeWhat::Action => (ACTION, "step"),
    };
    format!(
        "{opening}<context>\n{shown}\n</context>\n<{name}>\n{}\n</{name}>\n\
         {current}{task}\n<thought>\n",
        step.target
    )
}

const CODE: &str = "A developer is about to write the code below. Before writing, the developer \
    thinks: what is this code for, what must it respect, what is decided and why.\n\
    The thought uses only what the context shows. It quotes no line, no literal and no name of \
    the code, and names no file or symbol that the context does not hold. It has two to six plain \
    sentences.\n";

const ACTION: &str = "A developer works on the request below and is about to take the step that \
    follows. Before it, the developer thinks: what has been seen so far, what follows from it, and \
    why this comes next.\n\
    The thought uses only what the context shows. It knows nothing of later steps, quotes nothing \
    of the step that the context does not hold, and names no file or symbol that the context does \
    not hold. It has one to four plain sentences.\n";

/// Returns the last bytes of a text, from a whole line on where there is one.
fn tail(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    if start == 0 {
        return text;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].split_once('\n').map_or(&text[start..], |(_, lines)| lines)
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn a_long_context_is_cut_at_a_line() {
        assert_eq!(tail("one\ntwo\nthree", 100), "one\ntwo\nthree");
        assert_eq!(tail("one\ntwo\nthree", 8), "three");
        assert_eq!(tail("ééé", 3), "é");
    }
}

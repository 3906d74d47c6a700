//! Was a model asked what it is said to have been asked?
//!
//! Written against the prompt as `docs/language-models.md` prints it.

use backstory_model::reasoning::CandidateRow;
use backstory_model::{BlobId, Provenance, Tier};
use backstory_store::RunDirectory;

use super::{About, StepAudit};

/// What is asked before a write of a snapshot.
const OF_CODE: &str = "A developer is about to write the code below. Before writing, the developer \
thinks: what is this code for, what must it respect, what is decided and why.\n\
The thought uses only what the context shows. It quotes no line, no literal and no name of the \
code, and names no file or symbol that the context does not hold. It has two to six plain \
sentences.\n";

/// What is asked before an action of a change.
const OF_ACTION: &str = "A developer works on the request below and is about to take the step \
that follows. Before it, the developer thinks: what has been seen so far, what follows from it, \
and why this comes next.\n\
The thought uses only what the context shows. It knows nothing of later steps, quotes nothing of \
the step that the context does not hold, and names no file or symbol that the context does not \
hold. It has one to four plain sentences.\n";

impl StepAudit<'_> {
    /// Checks the digest of every prompt; thoughts written by rules have none.
    pub(super) fn prompts(&mut self) {
        let mut wrong = Vec::new();
        for row in self.step.searched.rows.iter().filter(|row| row.generator.is_some()) {
            let expected = (self.search.writes == Tier::Synthesized)
                .then(|| RunDirectory::text_digest(self.asked(row).as_bytes()));
            if row.prompt_hash != expected {
                wrong.push(format!("candidate {} of round {}", row.candidate, row.round));
            }
        }
        for found in wrong {
            self.findings.note(self.at("reason/prompt"), "the prompt of the step", found);
        }
    }

    /// Returns what was asked for one candidate.
    fn asked(&self, row: &CandidateRow) -> String {
        let (context, target) = (self.shown(), self.around.target);
        let (opening, mark) = match self.around.about {
            About::Write { .. } => (OF_CODE, "code"),
            About::Action { .. } => (OF_ACTION, "step"),
        };
        let parent = self.text(row.parent_hash.as_ref());
        let (current, task) = match parent {
            Some(text) => (
                format!("<current_thought>\n{text}\n</current_thought>\n"),
                "Write a better one that takes its place.",
            ),
            None => (String::new(), "Write that thought."),
        };
        [
            opening,
            &format!("<context>\n{context}\n</context>\n<{mark}>\n{target}\n</{mark}>\n"),
            &current,
            task,
            "\n<thought>\n",
        ]
        .concat()
    }

    /// Returns the end of the context that the writer sees, from the beginning of a line
    /// where there is one.
    fn shown(&self) -> &str {
        let context = self.around.context;
        let cut = context.len().saturating_sub(self.search.options.prompt_context);
        if cut == 0 {
            return context;
        }
        let start = (cut..=context.len()).find(|at| context.is_char_boundary(*at));
        let end = start.map_or("", |start| &context[start..]);
        end.find('\n').map_or(end, |at| &end[at + 1..])
    }

    /// Returns the id of the stored prompt of the thought that stands.
    pub(super) fn stored_prompt(
        &self,
        row: &CandidateRow,
        told: &Provenance,
    ) -> Result<BlobId, String> {
        let Provenance::Synthesized { prompt, .. } = told else { return Err(format!("{told:?}")) };
        let stored = self.blobs.stored(prompt).ok_or("a prompt that is not stored")?;
        if stored == self.asked(row).into_bytes() {
            Ok(prompt.clone())
        } else {
            Err("another prompt than that of the step".to_owned())
        }
    }
}

//! Was a model asked what it is said to have been asked?
//!
//! Written against the prompt as `docs/language-models.md` prints it.

use backstory_model::reasoning::CandidateRow;
use backstory_model::{BlobId, Provenance, Tier};
use backstory_store::RunDirectory;

use super::StepAudit;

const OPENING: &str = "A developer is about to write the code below. Before writing, the developer \
thinks: what is this code for, what must it respect, what is decided and why.\n\
The thought uses only what the context shows. It quotes no line, no literal and no name of the \
code, and names no file or symbol that the context does not hold. It has two to six plain \
sentences.\n";

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
        let (context, code) = (self.shown(), self.place.target);
        let parent = self.text(row.parent_hash.as_ref());
        let (current, task) = match parent {
            Some(text) => (
                format!("<current_thought>\n{text}\n</current_thought>\n"),
                "Write a better one that takes its place.",
            ),
            None => (String::new(), "Write that thought."),
        };
        [
            OPENING,
            &format!("<context>\n{context}\n</context>\n<code>\n{code}\n</code>\n"),
            &current,
            task,
            "\n<thought>\n",
        ]
        .concat()
    }

    /// Returns the end of the context that the writer sees, from the beginning of a line
    /// where there is one.
    fn shown(&self) -> &str {
        let context = self.place.context;
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

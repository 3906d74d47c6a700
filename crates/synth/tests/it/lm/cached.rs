//! Is every question asked once, also when the asking was killed?

use std::sync::atomic::{AtomicUsize, Ordering};

use backstory_model::{
    Completion, CompletionRequest, Continuation, LanguageModel, LanguageModelError, ModelIdentity,
    Score,
};
use backstory_synth::lm::{AnswerFolder, Cached, NgramModel, NgramOptions, NoAnswers};

/// Counts what it is asked.
struct Counted {
    model: NgramModel,
    asked: AtomicUsize,
}

impl Counted {
    fn new(document: &str) -> Self {
        let model = NgramModel::learn(&[document], NgramOptions::default());
        Self { model, asked: AtomicUsize::new(0) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl LanguageModel for Counted {
    fn identity(&self) -> &ModelIdentity {
        self.model.identity()
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        self.asked.fetch_add(continuations.len(), Ordering::Relaxed);
        self.model.score_each(context, continuations)
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.model.complete(request)
    }
}

fn request(seed: u64) -> CompletionRequest {
    CompletionRequest {
        prompt: "def ".to_owned(),
        max_tokens: 20,
        temperature: 1.0,
        seed,
        stop: vec!["\n".to_owned()],
    }
}

const DOCUMENT: &str = "def add(a, b):\n    return a + b\n";

#[test]
fn an_answer_reads_back_to_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let model = Counted::new(DOCUMENT);
    let texts = ["a", "b\n"].map(|target| Continuation { given: "# x\n", target });
    let first = Cached::new(&model, &answers).score_each("ctx", &texts).expect("scores");
    let written = Cached::new(&model, &answers).complete(&request(1)).expect("a text");
    assert_eq!(model.asked(), 3);
    let reopened = AnswerFolder::open(folder.path()).expect("a folder");
    let again = Cached::new(&model, &reopened);
    assert_eq!(again.score_each("ctx", &texts).expect("scores"), first);
    assert_eq!(again.complete(&request(1)).expect("a text"), written);
    assert_eq!(model.asked(), 3);
}

#[test]
fn another_question_or_another_model_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let model = Counted::new(DOCUMENT);
    let cached = Cached::new(&model, &answers);
    cached.score("ab", "c").expect("a score");
    cached.score("a", "bc").expect("a score");
    cached.complete(&request(1)).expect("a text");
    cached.complete(&request(2)).expect("a text");
    assert_eq!(model.asked(), 4);
    let other = Counted::new("something else");
    Cached::new(&other, &answers).score("ab", "c").expect("a score");
    assert_eq!(other.asked(), 1);
}

#[test]
fn only_what_is_missing_of_a_batch_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let model = Counted::new(DOCUMENT);
    let cached = Cached::new(&model, &answers);
    let texts = ["a", "b", "c"].map(|target| Continuation { given: "", target });
    cached.score_each("x", &texts[1..2]).expect("scores");
    let scores = cached.score_each("x", &texts).expect("scores");
    assert_eq!(model.asked(), 3);
    assert_eq!(scores, model.score_each("x", &texts).expect("scores"));
}

#[test]
fn a_damaged_answer_is_asked_for_again_and_mended() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let model = Counted::new(DOCUMENT);
    let cached = Cached::new(&model, &answers);
    let good = cached.score("x", "y").expect("a score");
    for damage in [
        "",
        "{",
        r#"{"format":1,"logprobs":"","tokens_before":1,"straddles":false}"#,
        r#"{"format":1,"logprobs":"0.7","tokens_before":1,"straddles":false}"#,
        r#"{"format":9,"logprobs":"-0.7","tokens_before":1,"straddles":false}"#,
    ] {
        let files = backstory_store::fs::files_below(folder.path()).expect("files");
        backstory_store::fs::write_file(&files[0].0, damage.as_bytes()).expect("damage");
        let before = model.asked();
        assert_eq!(cached.score("x", "y").expect("a score"), good, "{damage}");
        assert_eq!(model.asked(), before + 1, "{damage}");
    }
}

#[test]
fn without_a_folder_everything_is_asked() {
    let model = Counted::new(DOCUMENT);
    let cached = Cached::new(&model, &NoAnswers);
    cached.score("x", "y").expect("a score");
    cached.score("x", "y").expect("a score");
    assert_eq!(model.asked(), 2);
}

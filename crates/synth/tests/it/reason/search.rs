//! Does the search accept what makes the code likelier, and nothing else?

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use backstory_model::{
    Completion, CompletionEnd, CompletionRequest, Continuation, LanguageModel, LanguageModelError,
    ModelId, ModelIdentity, Score, ScorerPolicy,
};
use backstory_synth::lm::{AnswerFolder, Budgeted, Cached, NgramModel, NgramOptions};
use backstory_synth::reason::guard::Leak;
use backstory_synth::reason::search::{
    BeforeWhat, CandidateKind, Gate, Reason, SearchOptions, Searched, ThoughtStep, search,
};
use backstory_synth::reason::writer::ModelWriter;
use proptest::prelude::*;

const CONTEXT: &str = "class Venue:\n    capacity = 5\n\n";
const TARGET: &str = "    def left(self):\n        return self.capacity - self.sold\n";

/// Without a thought the code has two nats a token.
const NONE: f64 = 2.0;

/// Scores and texts that were written down.
struct Written {
    identity: ModelIdentity,
    /// What a token of the code costs behind a thought that holds this text.
    likelihoods: BTreeMap<&'static str, f64>,
    /// What is written, in this order.
    texts: Vec<&'static str>,
    next: AtomicUsize,
    scored: AtomicUsize,
    /// After how many requests nothing is answered any more.
    dies_after: usize,
    asked: AtomicUsize,
}

impl Written {
    fn new(likelihoods: &[(&'static str, f64)], texts: &[&'static str]) -> Self {
        let identity = ModelIdentity {
            model: ModelId::new("written-down"),
            revision: None,
            tokenizer_hash: None,
            policy: ScorerPolicy::OffPolicy,
        };
        Self {
            identity,
            likelihoods: likelihoods.iter().copied().collect(),
            texts: texts.to_vec(),
            next: AtomicUsize::new(0),
            scored: AtomicUsize::new(0),
            dies_after: usize::MAX,
            asked: AtomicUsize::new(0),
        }
    }

    fn alive(&self) -> Result<(), LanguageModelError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < self.dies_after {
            return Ok(());
        }
        Err(LanguageModelError::BudgetSpent { budget: 0, spent: 0 })
    }
}

impl LanguageModel for Written {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn score_each(
        &self,
        _context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        self.alive()?;
        self.scored.fetch_add(continuations.len(), Ordering::Relaxed);
        let score = |asked: &Continuation<'_>| {
            let known = self.likelihoods.iter().find(|(text, _)| asked.given.contains(**text));
            let nll = known.map_or(NONE, |(_, nll)| *nll);
            if nll.is_infinite() {
                let (model, why) = (self.identity.model.clone(), "too long".to_owned());
                return Err(LanguageModelError::OverWindow { model, why });
            }
            Ok(Score::new(vec![-nll; 4], 10, false).expect("a score"))
        };
        continuations.iter().map(score).collect()
    }

    fn complete(&self, _request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        self.alive()?;
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let text = self.texts.get(at).copied().unwrap_or_default().to_owned();
        Ok(Completion { text, end: CompletionEnd::Stop, prompt_tokens: 50, tokens: 6 })
    }
}

fn step(thought: Option<&'static str>) -> ThoughtStep<'static> {
    ThoughtStep {
        id: "acme__toy/3",
        context: CONTEXT,
        before: "Think: ",
        after: "\n",
        lead: "Write venue.py\n",
        target: TARGET,
        thought,
        known: &["venue.py"],
        earlier: None,
        before_what: BeforeWhat::Code,
        others: &["Another step has an entirely different thing in mind, at great length indeed."],
        clauses: &[],
    }
}

fn run(model: &Written, thought: Option<&'static str>) -> Searched {
    search(&step(thought), &SearchOptions::default(), model, &ModelWriter(model)).expect("answers")
}

/// The fate of every candidate: round, accepted, and why not.
fn fates(searched: &Searched) -> Vec<(usize, bool, Option<Reason>)> {
    searched.rows.iter().map(|row| (row.round, row.accepted, row.reason)).collect()
}

const A: &str = "Somebody wants to know what is free.";
const B: &str = "What is free follows from the capacity.";
const C: &str = "The capacity less what is gone is free.";
const D: &str = "Nothing of this is of any use here.";

#[test]
fn each_round_keeps_the_best_and_never_gets_worse() {
    let model = Written::new(&[(A, 1.8), (B, 1.5), (C, 1.2), (D, 1.9)], &[D, B, C, D, D, A]);
    let found = run(&model, Some(A));
    assert_eq!(found.thought.as_deref(), Some(C));
    assert_eq!((found.nll_none, found.nll_initial), (Some(2.0), Some(1.8)));
    assert_eq!(found.nll_rounds, [1.5, 1.2, 1.2]);
    assert_eq!(found.nll_control, Some(2.0));
    let (not_lower, seen) = (Some(Reason::NotLower), Some(Reason::SeenBefore));
    assert_eq!(
        fates(&found),
        [
            (0, false, None),
            (0, true, None),
            (1, false, not_lower),
            (1, true, None),
            (2, true, None),
            (2, false, seen),
            (3, false, seen),
            (3, false, seen),
            (3, false, None),
            (3, false, None)
        ]
    );
}

#[test]
fn two_candidates_and_three_rounds_cost_eight_scores_and_two_controls() {
    let texts = [
        "One idea that is new to us here.",
        "Two ideas that are new to us here.",
        "Three ideas that are new to us here.",
        "Four ideas that are new to us here.",
        "Five ideas that are new to us here.",
        "Six ideas that are new to us here.",
    ];
    let model = Written::new(&[(A, 1.0)], &texts);
    let found = run(&model, Some(A));
    assert_eq!(model.scored.load(Ordering::Relaxed), 10);
    assert_eq!((found.tokens_scored, found.tokens_written), (10 * 14, 36));
    assert_eq!((found.tokens_prompted, found.nll_filler), (6 * 50, Some(NONE)));
    assert_eq!(found.thought.as_deref(), Some(A));
}

#[test]
fn a_useless_thought_is_discarded() {
    for useless in [2.0, 2.5] {
        let model = Written::new(&[(A, useless)], &[]);
        let found = run(&model, Some(A));
        assert_eq!((found.thought, found.dropped), (None, Some(Reason::NotBetterThanNone)));
    }
}

#[test]
fn a_thought_that_helps_by_its_length_alone_is_discarded() {
    let model = Written::new(&[(A, 1.5), ("Another step", 1.5)], &[]);
    let found = run(&model, Some(A));
    assert_eq!((found.thought, found.dropped), (None, Some(Reason::NotBetterThanOther)));
    assert_eq!(found.nll_control, Some(1.5));
    let control = found.rows.last().expect("a row");
    assert_eq!(control.kind, CandidateKind::Control);
    let winner = found.rows.iter().find(|row| row.accepted).expect("a winner");
    assert_eq!(control.thought_tokens, winner.thought_tokens);
}

#[test]
fn a_leak_is_logged_and_never_scored() {
    let leak = "It is return self.capacity - self.sold and that is all.";
    let model = Written::new(&[(leak, 0.1), (B, 1.5)], &[leak, B]);
    let found = run(&model, None);
    assert_eq!(found.thought.as_deref(), Some(B));
    let row = &found.rows[1];
    assert_eq!((row.nll_target, row.accepted, row.reason), (None, false, Some(Reason::Guard)));
    assert!(row.leaks.contains(&Leak::Line), "{row:?}");
    assert!(found.texts.values().any(|text| text == leak));
}

#[test]
fn a_first_thought_that_leaks_counts_as_none() {
    let leak = "It is return self.capacity - self.sold and that is all.";
    let model = Written::new(&[(leak, 0.1)], &[]);
    let found = run(&model, Some(leak));
    assert_eq!((found.thought, found.dropped), (None, Some(Reason::NoCandidate)));
    assert_eq!(found.nll_initial, None);
}

#[test]
fn a_gain_below_the_least_one_is_none() {
    let model = Written::new(&[(A, 1.5), (B, 1.45), (C, 1.3)], &[B, C]);
    let options = SearchOptions { min_gain: 0.1, ..SearchOptions::default() };
    let found = search(&step(Some(A)), &options, &model, &ModelWriter(&model)).expect("answers");
    assert_eq!(found.nll_rounds, [1.3, 1.3, 1.3]);
    let model = Written::new(&[(A, 1.95)], &[]);
    let found = search(&step(Some(A)), &options, &model, &ModelWriter(&model)).expect("answers");
    assert_eq!(found.dropped, Some(Reason::NotBetterThanNone));
}

#[test]
fn the_best_of_several_starts_wins_and_all_are_logged() {
    let model = Written::new(&[(A, 1.8), (B, 1.5), (C, 1.2), (D, 1.9)], &[D, B, C]);
    let options = SearchOptions { starts: 3, rounds: 1, candidates: 1, ..SearchOptions::default() };
    let found = search(&step(Some(A)), &options, &model, &ModelWriter(&model)).expect("answers");
    assert_eq!((found.thought.as_deref(), found.nll_rounds.as_slice()), (Some(C), &[1.2][..]));
    let starts: Vec<(usize, CandidateKind)> =
        found.rows.iter().map(|row| (row.start, row.kind)).collect();
    let (initial, rewrite) = (CandidateKind::Initial, CandidateKind::Rewrite);
    assert_eq!(
        starts[1..7],
        [(0, initial), (0, rewrite), (1, initial), (1, rewrite), (2, initial), (2, rewrite)]
    );
}

#[test]
fn a_text_that_does_not_fit_takes_no_other_with_it() {
    let model = Written::new(&[(A, f64::INFINITY), (B, 1.5)], &[A, B]);
    let found = run(&model, None);
    assert_eq!(found.thought.as_deref(), Some(B));
    assert_eq!(found.rows[1].reason, Some(Reason::OverWindow));
    let model = Written::new(&[("Write venue", f64::INFINITY)], &[]);
    assert_eq!(run(&model, Some(A)).dropped, Some(Reason::OverWindow));
}

#[test]
fn code_that_is_too_easy_or_out_of_reach_is_not_searched() {
    let model = Written::new(&[], &[]);
    let gate = Gate::between(&[0.1, 0.2, 0.3, 0.4, 5.0], 25, 75).expect("five steps");
    assert_eq!(gate, Gate { low: 0.2, high: 0.4 });
    let options = SearchOptions { gate: Some(gate), ..SearchOptions::default() };
    let found = search(&step(Some(A)), &options, &model, &ModelWriter(&model)).expect("answers");
    assert_eq!((found.dropped, found.rows.len()), (Some(Reason::OutsideGate), 1));
    let elsewhere = ThoughtStep { context: "nothing\n", ..step(Some(A)) };
    let found = search(&elsewhere, &SearchOptions::default(), &model, &ModelWriter(&model))
        .expect("answers");
    assert_eq!(found.dropped, Some(Reason::NotInferable));
}

#[test]
fn a_row_tells_where_a_candidate_comes_from() {
    let model = Written::new(&[(A, 1.8), (B, 1.5)], &[B]);
    let found = run(&model, Some(A));
    let [none, initial, rewrite, ..] = found.rows.as_slice() else { panic!("rows") };
    assert_eq!((none.kind, none.text_hash.as_ref()), (CandidateKind::None, None));
    assert_eq!(rewrite.parent_hash, initial.text_hash);
    assert!(rewrite.prompt_hash.is_some() && rewrite.seed.is_some());
    assert_eq!(rewrite.ppl_target, Some(1.5_f64.exp()));
    assert_eq!((rewrite.nll_none, rewrite.target_tokens), (Some(2.0), Some(4)));
    let json = serde_json::to_string(&found).expect("JSON");
    assert_eq!(serde_json::from_str::<Searched>(&json).expect("rows").rows.len(), found.rows.len());
}

/// A model whose answers follow from what it is asked, with words of the context.
fn ngram() -> NgramModel {
    let thoughts = "What is free follows from the capacity of the venue. The venue has a \
        capacity, and what is gone is less. Somebody wants to know what is free.\n</thought>\n";
    NgramModel::learn(&[thoughts, CONTEXT], NgramOptions::default())
}

fn bytes(searched: &Searched) -> String {
    serde_json::to_string(searched).expect("JSON")
}

/// Passes requests on to a model until it dies.
struct Mortal<'m> {
    model: &'m dyn LanguageModel,
    left: AtomicUsize,
}

impl Mortal<'_> {
    fn live(&self) -> Result<(), LanguageModelError> {
        let left =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        left.map(drop).map_err(|_| LanguageModelError::BudgetSpent { budget: 0, spent: 0 })
    }
}

impl LanguageModel for Mortal<'_> {
    fn identity(&self) -> &ModelIdentity {
        self.model.identity()
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        self.live()?;
        self.model.score_each(context, continuations)
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        self.live()?;
        self.model.complete(request)
    }
}

#[test]
fn a_search_killed_at_every_request_goes_on_to_the_same_bytes() {
    let model = ngram();
    let options = SearchOptions { written_tokens: 60, ..SearchOptions::default() };
    let step = step(Some(B));
    let whole = bytes(&search(&step, &options, &model, &ModelWriter(&model)).expect("answers"));
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let mut lives = 0;
    loop {
        // One request a life: each life has to begin where the last one was killed.
        let mortal = Mortal { model: &model, left: AtomicUsize::new(1) };
        let cached = Cached::new(&mortal, &answers);
        lives += 1;
        match search(&step, &options, &cached, &ModelWriter(&cached)) {
            Ok(found) => {
                assert_eq!(bytes(&found), whole);
                break;
            }
            Err(LanguageModelError::BudgetSpent { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(lives < 50, "it goes in circles");
    }
    assert!(lives > 5, "{lives}");
}

#[test]
fn a_spent_budget_ends_a_search_and_a_larger_one_goes_on() {
    let model = ngram();
    let options = SearchOptions { written_tokens: 60, ..SearchOptions::default() };
    let step = step(Some(B));
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let small = Budgeted::new(&model, 500);
    let cached = Cached::new(&small, &answers);
    let error = search(&step, &options, &cached, &ModelWriter(&cached)).expect_err("too little");
    assert!(matches!(error, LanguageModelError::BudgetSpent { budget: 500, .. }), "{error}");
    let large = Budgeted::new(&model, 1_000_000);
    let cached = Cached::new(&large, &answers);
    let found = search(&step, &options, &cached, &ModelWriter(&cached)).expect("enough");
    let whole = search(&step, &options, &model, &ModelWriter(&model)).expect("answers");
    assert_eq!(bytes(&found), bytes(&whole));
    let all = Budgeted::new(&model, 1_000_000);
    search(&step, &options, &all, &ModelWriter(&all)).expect("enough");
    assert_eq!(large.spent() + small.spent(), all.spent());
}

proptest! {
    /// Whatever the likelihoods are: rounds never get worse, and what is kept beats none
    /// and every text that was scored.
    #[test]
    fn the_search_is_monotone(likelihoods in prop::array::uniform4(0.1_f64..4.0)) {
        let [a, b, c, d] = likelihoods;
        let model = Written::new(&[(A, a), (B, b), (C, c), (D, d)], &[B, C, D]);
        let found = run(&model, Some(A));
        let best = likelihoods.into_iter().fold(f64::INFINITY, f64::min);
        prop_assert!(found.nll_rounds.windows(2).all(|pair| pair[1] <= pair[0]));
        prop_assert_eq!(found.nll_rounds.last().copied(), Some(best));
        prop_assert_eq!(found.thought.is_some(), best < NONE);
    }
}

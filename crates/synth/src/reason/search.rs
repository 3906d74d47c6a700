//! Which of several thoughts makes the code that follows most likely?
//!
//! In: one step, a scorer and a writer. Out: the thought that won, or why there is none.
//! In each round new texts are written in place of the current one; the best of them takes
//! its place only if the code gets likelier by more than the least gain. The winner must
//! beat no thought at all, and a thought of another step as long as itself.

use std::collections::{BTreeMap, BTreeSet};

pub use backstory_model::reasoning::{
    CandidateKind, CandidateRow, Gate, Generator, Reason, SearchOptions, Searched,
};
use backstory_model::seed::Seed;
use backstory_model::{Continuation, LanguageModel, LanguageModelError, Score, Sha256};
use sha2::{Digest as _, Sha256 as Hasher};

use super::control::{control, filler};
use super::guard::Guard;
use super::words::{Kind, is_keyword, pieces};
use super::writer::{Asked, ThoughtWriter};

/// What a thought stands before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BeforeWhat {
    /// A piece of code that is written.
    #[default]
    Code,
    /// Any action of a developer: a search, a read, an edit, a run.
    Action,
}

/// One step that may have a thought.
#[derive(Clone, Copy, Debug)]
pub struct ThoughtStep<'a> {
    /// Names the step; seeds are made of it.
    pub id: &'a str,
    /// The document up to the thought.
    pub context: &'a str,
    /// What stands before a thought, e.g., a mark of its beginning.
    pub before: &'a str,
    /// What stands behind a thought.
    pub after: &'a str,
    /// What stands between the thought and the code, also where there is no thought.
    pub lead: &'a str,
    /// The code.
    pub target: &'a str,
    /// The thought it has.
    pub thought: Option<&'a str>,
    /// Paths and symbols of tree and plan.
    pub known: &'a [&'a str],
    /// All that was shown before, if that alone may be named, whatever tree and plan hold.
    pub earlier: Option<&'a str>,
    /// What is thought about.
    pub before_what: BeforeWhat,
    /// Thoughts of other steps.
    pub others: &'a [&'a str],
    /// Sentences that plan or earlier steps support, for a writer that is no model.
    pub clauses: &'a [&'a str],
}

/// Searches the thought of one step.
///
/// An error means that a model gave no answer; everything answered before can be kept by
/// [`Cached`](crate::lm::Cached), and the same call goes on there.
pub fn search(
    step: &ThoughtStep<'_>,
    options: &SearchOptions,
    scorer: &dyn LanguageModel,
    writer: &dyn ThoughtWriter,
) -> Result<Searched, LanguageModelError> {
    let mut guard = Guard::new(step.context, step.target, step.known, options.guard.clone());
    if let Some(earlier) = step.earlier {
        guard = guard.grounded_in(earlier);
    }
    let searched = Searched {
        step_id: step.id.to_owned(),
        thought: None,
        dropped: None,
        nll_none: None,
        nll_initial: None,
        nll_rounds: Vec::new(),
        nll_filler: None,
        nll_control: None,
        tokens_scored: 0,
        tokens_prompted: 0,
        tokens_written: 0,
        rows: Vec::new(),
        texts: BTreeMap::new(),
    };
    let seen = BTreeSet::new();
    let mut search = Search { step, options, scorer, writer, guard, seen, searched };
    let dropped = search.run()?;
    search.searched.dropped = dropped;
    Ok(search.searched)
}

/// A text with the likelihood of the code behind it.
#[derive(Clone, Debug)]
struct Current {
    text: String,
    hash: Sha256,
    nll: f64,
}

/// A text before it is scored.
struct Draft {
    text: String,
    row: CandidateRow,
}

struct Search<'a> {
    step: &'a ThoughtStep<'a>,
    options: &'a SearchOptions,
    scorer: &'a dyn LanguageModel,
    writer: &'a dyn ThoughtWriter,
    guard: Guard<'a>,
    /// Texts of this start.
    seen: BTreeSet<Sha256>,
    searched: Searched,
}

impl Search<'_> {
    /// Runs the whole search; returns why there is no thought.
    fn run(&mut self) -> Result<Option<Reason>, LanguageModelError> {
        let Some(none) = self.without()? else { return Ok(Some(Reason::OverWindow)) };
        if let Some(reason) = self.not_worth(none) {
            return Ok(Some(reason));
        }
        let mut best: Option<(Current, Vec<f64>)> = None;
        for start in 0..self.options.starts.max(1) {
            let (Some(end), course) = self.start(start)? else { continue };
            if best.as_ref().is_none_or(|(other, _)| end.nll < other.nll) {
                best = Some((end, course));
            }
        }
        let Some((winner, course)) = best else { return Ok(Some(Reason::NoCandidate)) };
        self.searched.nll_rounds = course;
        if winner.nll >= none - self.options.min_gain {
            return Ok(Some(Reason::NotBetterThanNone));
        }
        if let Some(other) = self.controls(&winner.text)?
            && winner.nll >= other
        {
            return Ok(Some(Reason::NotBetterThanOther));
        }
        self.searched.thought = Some(winner.text);
        Ok(None)
    }

    /// Scores the code without a thought.
    fn without(&mut self) -> Result<Option<f64>, LanguageModelError> {
        let row = self.row(CandidateKind::None, [0, 0, 0]);
        let score = self.score(&[None])?.pop().flatten();
        let nll = score.as_ref().map(Score::mean_nll);
        self.searched.nll_none = nll;
        self.log(row, score.as_ref(), |row| {
            row.reason = nll.is_none().then_some(Reason::OverWindow);
        });
        Ok(nll)
    }

    fn not_worth(&self, none: f64) -> Option<Reason> {
        if let Some(Gate { low, high }) = self.options.gate
            && !(low..=high).contains(&none)
        {
            return Some(Reason::OutsideGate);
        }
        let words = |text| {
            let found = pieces(text).into_iter().filter(|piece| piece.kind == Kind::Word);
            let names = found.map(|piece| piece.text).filter(|word| !is_keyword(word));
            names.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let inferable = !words(self.step.target).is_disjoint(&words(self.step.context));
        (!inferable).then_some(Reason::NotInferable)
    }

    /// Runs one start: its best text, and the likelihood after each round.
    fn start(&mut self, start: usize) -> Result<(Option<Current>, Vec<f64>), LanguageModelError> {
        self.seen.clear();
        let draft = match (start, self.step.thought) {
            (0, Some(thought)) => Some(Draft {
                text: thought.to_owned(),
                row: self.row(CandidateKind::Initial, [0, 0, 0]),
            }),
            (0, None) => None,
            _ => Some(self.write(CandidateKind::Initial, [start, 0, 0], None)?),
        };
        let mut current = None;
        if let Some(draft) = draft {
            self.judge(vec![draft], &mut current)?;
        }
        if start == 0 {
            self.searched.nll_initial = current.as_ref().map(|current| current.nll);
        }
        let mut course = Vec::new();
        for round in 1..=self.options.rounds {
            let mut drafts = Vec::new();
            for candidate in 0..self.options.candidates {
                let place = [start, round, candidate];
                drafts.push(self.write(CandidateKind::Rewrite, place, current.as_ref())?);
            }
            self.judge(drafts, &mut current)?;
            course.extend(current.as_ref().map(|current| current.nll));
        }
        Ok((current, course))
    }

    /// Asks the writer for one text.
    fn write(
        &mut self,
        kind: CandidateKind,
        place: [usize; 3],
        current: Option<&Current>,
    ) -> Result<Draft, LanguageModelError> {
        let numbers = place.map(|number| number.to_string());
        let [start, round, candidate] = numbers.each_ref().map(String::as_str);
        let all = self.options.seed.to_string();
        let seed = Seed::of(&[all.as_str(), self.step.id, start, round, candidate]);
        let seed = seed.generator().bits();
        let text = current.map(|current| current.text.as_str());
        let asked = Asked { step: self.step, current: text, seed, options: self.options };
        let written = self.writer.write(&asked)?;
        let mut row = self.row(kind, place);
        row.parent_hash = current.map(|current| current.hash.clone());
        row.prompt_hash = written.prompt.as_deref().map(digest);
        row.seed = Some(seed);
        row.generator = Some(self.writer.generator());
        row.tokens_prompted = written.tokens_prompted;
        row.tokens_written = written.tokens_written;
        self.searched.tokens_prompted += written.tokens_prompted;
        self.searched.tokens_written += written.tokens_written;
        Ok(Draft { text: written.text, row })
    }

    /// Scores what the guard lets through; the best takes the place of the current text.
    fn judge(
        &mut self,
        drafts: Vec<Draft>,
        current: &mut Option<Current>,
    ) -> Result<(), LanguageModelError> {
        let drafts: Vec<Draft> = drafts.into_iter().map(|draft| self.guarded(draft)).collect();
        let open: Vec<&str> = drafts
            .iter()
            .filter(|draft| draft.row.reason.is_none())
            .map(|draft| draft.text.as_str())
            .collect();
        let texts: Vec<Option<&str>> = open.into_iter().map(Some).collect();
        let mut scores = self.score(&texts)?.into_iter();
        let scored: Vec<(Draft, Option<Score>)> = drafts
            .into_iter()
            .map(|draft| {
                let open = draft.row.reason.is_none();
                let score = if open { scores.next().flatten() } else { None };
                (draft, score)
            })
            .collect();
        let best = self.best(&scored, current.as_ref());
        for (at, (draft, score)) in scored.into_iter().enumerate() {
            let accepted = best == Some(at);
            if let (true, Some(score)) = (accepted, &score) {
                let (text, hash) = (draft.text.clone(), digest(&draft.text));
                *current = Some(Current { text, hash, nll: score.mean_nll() });
            }
            self.log(draft.row, score.as_ref(), |row| {
                row.accepted = accepted;
                if !accepted && row.reason.is_none() {
                    let fits = row.nll_target.is_some();
                    row.reason = Some(if fits { Reason::NotLower } else { Reason::OverWindow });
                }
            });
        }
        Ok(())
    }

    /// Returns which candidate takes the place of the current text; the first of equals.
    fn best(&self, scored: &[(Draft, Option<Score>)], current: Option<&Current>) -> Option<usize> {
        let likelihoods = scored.iter().enumerate();
        let known =
            likelihoods.filter_map(|(at, (_, score))| Some((at, score.as_ref()?.mean_nll())));
        let (at, nll) = known.min_by(|one, other| one.1.total_cmp(&other.1))?;
        let good = current.is_none_or(|current| nll < current.nll - self.options.min_gain);
        good.then_some(at)
    }

    /// Asks the guard, and whether the text was there before.
    fn guarded(&mut self, mut draft: Draft) -> Draft {
        if draft.text.is_empty() {
            draft.row.reason = Some(Reason::Empty);
            return draft;
        }
        let hash = digest(&draft.text);
        let report = self.guard.check(&draft.text);
        draft.row.thought_tokens = report.tokens;
        draft.row.leaks = report.leaks();
        draft.row.guards = Some(report);
        draft.row.text_hash = Some(hash.clone());
        self.searched.texts.insert(hash.clone(), draft.text.clone());
        draft.row.reason = if !self.seen.insert(hash) {
            Some(Reason::SeenBefore)
        } else if draft.row.leaks.is_empty() {
            None
        } else {
            Some(Reason::Guard)
        };
        draft
    }

    /// Scores the code behind two texts as long as the winner: words that say nothing, and
    /// a thought of another step. Returns the likelihood behind the latter.
    fn controls(&mut self, winner: &str) -> Result<Option<f64>, LanguageModelError> {
        let tokens = pieces(winner).len();
        let mut texts = vec![(CandidateKind::Filler, filler(tokens))];
        let other = control(self.step.id, self.step.others, tokens);
        texts.extend(other.map(|text| (CandidateKind::Control, text)));
        let asked: Vec<Option<&str>> = texts.iter().map(|(_, text)| Some(text.as_str())).collect();
        let scores = self.score(&asked)?;
        for ((kind, text), score) in texts.into_iter().zip(scores) {
            let nll = score.as_ref().map(Score::mean_nll);
            if kind == CandidateKind::Filler {
                self.searched.nll_filler = nll;
            } else {
                self.searched.nll_control = nll;
            }
            self.log_control(kind, text, score.as_ref());
        }
        Ok(self.searched.nll_control)
    }

    fn log_control(&mut self, kind: CandidateKind, text: String, score: Option<&Score>) {
        let mut row = self.row(kind, [0, self.options.rounds, 0]);
        let hash = digest(&text);
        row.thought_tokens = pieces(&text).len();
        row.text_hash = Some(hash.clone());
        self.searched.texts.insert(hash, text);
        self.log(row, score, |row| {
            row.reason = row.nll_target.is_none().then_some(Reason::OverWindow);
        });
    }

    /// Scores the code behind texts, all behind one context; `None` where it does not fit.
    fn score(&mut self, texts: &[Option<&str>]) -> Result<Vec<Option<Score>>, LanguageModelError> {
        let step = self.step;
        let given = |text: Option<&str>| match text {
            Some(text) => format!("{}{text}{}{}", step.before, step.after, step.lead),
            None => step.lead.to_owned(),
        };
        let givens: Vec<String> = texts.iter().copied().map(given).collect();
        let asked: Vec<Continuation<'_>> =
            givens.iter().map(|given| Continuation { given, target: step.target }).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        match self.scorer.score_each(step.context, &asked) {
            Ok(scores) => Ok(scores.into_iter().map(Some).collect()),
            // One text that is too long must not take the others with it.
            Err(LanguageModelError::OverWindow { .. }) if asked.len() > 1 => {
                asked.iter().map(|one| self.score_one(*one)).collect()
            }
            Err(LanguageModelError::OverWindow { .. }) => Ok(vec![None]),
            Err(error) => Err(error),
        }
    }

    fn score_one(&self, asked: Continuation<'_>) -> Result<Option<Score>, LanguageModelError> {
        match self.scorer.score_each(self.step.context, &[asked]) {
            Ok(mut scores) => Ok(scores.pop()),
            Err(LanguageModelError::OverWindow { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins a row; `place` is start, round and number.
    fn row(&self, kind: CandidateKind, place: [usize; 3]) -> CandidateRow {
        let [start, round, candidate] = place;
        CandidateRow {
            step_id: self.step.id.to_owned(),
            kind,
            start,
            round,
            candidate,
            parent_hash: None,
            text_hash: None,
            thought_tokens: 0,
            target_tokens: None,
            nll_target: None,
            ppl_target: None,
            nll_none: None,
            straddles: None,
            guards: None,
            leaks: Vec::new(),
            accepted: false,
            reason: None,
            scorer: self.scorer.identity().clone(),
            generator: None,
            prompt_hash: None,
            seed: None,
            tokens_prompted: 0,
            tokens_written: 0,
            tokens_scored: 0,
        }
    }

    /// Ends a row with what was measured.
    fn log(
        &mut self,
        mut row: CandidateRow,
        score: Option<&Score>,
        judged: impl FnOnce(&mut CandidateRow),
    ) {
        row.nll_none = self.searched.nll_none;
        if let Some(score) = score {
            row.target_tokens = Some(score.target_tokens());
            row.nll_target = Some(score.mean_nll());
            row.ppl_target = Some(score.perplexity());
            row.straddles = Some(score.straddles);
            row.tokens_scored = score.tokens();
            self.searched.tokens_scored += score.tokens();
        }
        judged(&mut row);
        self.searched.rows.push(row);
    }
}

fn digest(text: &str) -> Sha256 {
    Sha256::from_digest(&Hasher::digest(text.as_bytes()))
}

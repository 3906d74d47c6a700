//! Does a first thought follow from what was seen, and say nothing else?

use backstory_model::{
    Action, Content, EvidenceId, FileMode, Hit, Observation, Phase, Provenance, RepoPath, Role,
    Seen, Step, git_object_id,
};
use backstory_synth::reason::guard::{Guard, GuardOptions, Leak};
use backstory_synth::reason::seen::{SeenStep, clauses, first_thought};

/// Steps with all that they show.
type Told = [(Step, String)];

fn step(action: Action, observation: Option<Observation>) -> Step {
    let seen = |content| Seen { content, provenance: Provenance::observed([]) };
    Step {
        phase: Phase::Reading,
        action,
        choice: Provenance::observed([]),
        observation: observation.map(seen),
        thought: None,
        hindsight: false,
        state: None,
    }
}

fn asked() -> (Step, String) {
    let text = "Carts count twice\n\nThe `total` of a cart counts each item twice.".to_owned();
    (step(Action::Message { role: Role::User, text: text.clone() }, None), text)
}

fn searched() -> (Step, String) {
    let hit = |path: &str, line| Hit { path: path.into(), line, text: "total".to_owned() };
    let hits = vec![hit("docs/cart.md", 1), hit("docs/cart.md", 2), hit("shop/cart.py", 3)];
    let action = Action::Search { pattern: "total".to_owned(), whole_word: true };
    let text = "total\ndocs/cart.md:1:total\ndocs/cart.md:2:total\nshop/cart.py:3:total\n";
    (step(action, Some(Observation::Hits { hits, total: 3, files: 2 })), text.to_owned())
}

fn view(path: &str) -> Action {
    Action::View { path: path.into(), start: 1, end: 3 }
}

fn read() -> (Step, String) {
    let blob = git_object_id("blob", b"");
    let text = "shop/cart.py:1-3\nlines 1 to 3 of 3\n     1\tclass Cart:\n     2\t    \
        def total(self):\n     3\t        return 2 * self.count(item)\n";
    let lines = Observation::Lines { blob, total: 3 };
    (step(view("shop/cart.py"), Some(lines)), text.to_owned())
}

fn edit(path: &str) -> Action {
    let old = "        return 2 * self.count(item)\n".to_owned();
    Action::Edit { path: path.into(), old, new: "        return self.count(item)\n".to_owned() }
}

fn edited() -> (Step, String) {
    (step(edit("shop/cart.py"), None), "shop/cart.py\nchanged\n".to_owned())
}

fn ran() -> (Step, String) {
    let output = git_object_id("blob", b"output");
    let action = Action::RunTests { command: vec!["pytest".to_owned()] };
    let text = "pytest\nFAILED tests/test_cart.py::test_total - assert 2 == 1\n[exit 1]\n";
    (step(action, Some(Observation::TestOutput { output, status: Some(1) })), text.to_owned())
}

/// Tells what is thought before an action, and on which steps it rests.
fn thought(told: &Told, action: &Action) -> Option<String> {
    let thought = first_thought(&seen(told), action)?;
    let Provenance::Derived { rule, evidence } = thought.provenance else { panic!("derived") };
    assert_eq!(rule.as_str(), "story/seen");
    let steps: Vec<&str> = evidence.iter().map(EvidenceId::as_str).collect();
    Some(format!("{} [{}]", thought.text, steps.join(", ")))
}

fn seen(told: &Told) -> Vec<SeenStep<'_>> {
    told.iter().map(|(step, text)| SeenStep { step, text }).collect()
}

#[test]
fn a_thought_says_what_led_to_the_action() {
    let told = [asked(), searched(), read(), edited(), ran()];
    let create = |path: &str| Action::Create {
        path: path.into(),
        mode: FileMode::Plain,
        content: Content::Text { blob: git_object_id("blob", b"") },
    };
    let find = |pattern: &str| Action::Search { pattern: pattern.to_owned(), whole_word: true };
    let run = Action::RunTests { command: Vec::new() };
    let lines = [
        thought(&told[..1], &find("total")),
        thought(&told[..3], &find("Cart")),
        thought(&told[..2], &view("shop/cart.py")),
        thought(&told, &view("shop/cart.py")),
        thought(&told[..3], &edit("shop/cart.py")),
        thought(&told, &edit("shop/cart.py")),
        thought(&told[..3], &create("shop/price.py")),
        thought(&told[..4], &run),
        thought(&told[..3], &run),
    ];
    let lines: Vec<String> = lines.into_iter().map(Option::unwrap).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    The request speaks of `total`, so I look for where it stands. [step:1]
    I have seen `Cart`, so I look for where else it stands. [step:3]
    The search for `total` lists `shop/cart.py` as file 2 of 2. I read it. [step:1, step:2]
    The search for `total` lists `shop/cart.py` as file 2 of 2. I read more of it. `tests/test_cart.py::test_total` fails. [step:1, step:2, step:5]
    I have read `shop/cart.py` and change `total` in it. It speaks of `count` and `item`, as the request does. [step:1, step:2]
    I have read `shop/cart.py` and change `total` in it. It speaks of `count` and `item`, as the request does. `tests/test_cart.py::test_total` fails. [step:1, step:2, step:5]
    What is asked for here has no file yet, so I write one. It goes beside `shop/cart.py`. [step:2]
    I have changed `shop/cart.py`, so I run the tests. [step:2]
    Nothing is changed since, so I run the tests to see what fails. []
    ");
}

#[test]
fn what_nothing_leads_to_has_no_first_thought() {
    let told = [asked(), searched()];
    let unseen = Action::Search { pattern: "discount".to_owned(), whole_word: true };
    assert_eq!(thought(&told, &unseen), None);
    assert_eq!(thought(&told, &view("shop/price.py")), None);
    assert_eq!(thought(&told, &edit("shop/price.py")), None);
    let quoting = Action::Search { pattern: "`total`".to_owned(), whole_word: false };
    assert_eq!(thought(&told, &quoting), None);
    let list = Action::List { path: RepoPath::root(), depth: 1 };
    assert_eq!(thought(&told, &list), None);
}

#[test]
fn sentences_come_from_earlier_steps_alone() {
    let told = [asked(), searched(), read(), edited(), ran()];
    let said = |count: usize| clauses(&seen(&told[..count])).join("\n");
    insta::assert_snapshot!(said(1), @"Nothing is changed yet.");
    insta::assert_snapshot!(said(5), @"
    The request speaks of `count`, `total` and `cart`, which I have seen.
    I have read `shop/cart.py`.
    I have changed `shop/cart.py`.
    The search for `total` shows 3 lines in 2 files.
    `tests/test_cart.py::test_total` fails.
    ");
}

#[test]
fn a_name_that_was_not_shown_is_turned_down_wherever_it_stands() {
    let told = [asked(), searched(), read()];
    let earlier: String = told.iter().map(|(_, text)| text.as_str()).collect();
    let target = "shop/cart.py\n        return self.count(item) - self.gift_count\n";
    let known = ["shop/price.py", "gift_count"];
    let context = "Think: It could be in shop/price.py or gift_count.\n";
    let guard = Guard::new(context, target, &known, GuardOptions::default()).grounded_in(&earlier);
    let leaks = |thought: &str| guard.check(thought).leaks();
    assert_eq!(leaks("The `total` in shop/cart.py counts each item twice."), []);
    for thought in [
        "The price comes from shop/price.py and must be read first.",
        "The answer is `gift_count` and nothing else is missing there.",
        "It must take gift_count away from what it counts here.",
    ] {
        assert!(leaks(thought).contains(&Leak::Grounded), "{thought}");
    }
}

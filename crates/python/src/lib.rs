//! What does Python see of the verifier?
//!
//! In: Python strings. Out: plain Python objects, by the module `backstory._core`. Types
//! are converted and nothing else; everything pleasant is Python, below
//! `python/backstory`. A text that no UTF-8 can hold is an answer worth nothing, and what
//! a caller did wrong is a `ValueError`; nothing panics.

use backstory_verify::{
    CallOutcome, Function, Item, Outcome, Profile, RewardOptions, TypeName, UnitTest,
    UnitTestOptions, Value,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use serde_json::Value as Json;

/// What a caller did wrong, as Python says it.
fn wrong(error: impl std::error::Error) -> PyErr {
    let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
    PyValueError::new_err(format!("{error}{cause}"))
}

/// Returns the options of a profile with some of them replaced.
fn options(profile: &str, replaced: &str) -> PyResult<RewardOptions> {
    let unknown = || PyValueError::new_err(format!("`{profile}` is no profile"));
    let base = Profile::named(profile).ok_or_else(unknown)?.options();
    let mut all = serde_json::to_value(base).map_err(wrong)?;
    let replaced: Json = serde_json::from_str(replaced).map_err(wrong)?;
    if let (Json::Object(all), Json::Object(replaced)) = (&mut all, replaced) {
        all.extend(replaced);
    }
    let options: RewardOptions = serde_json::from_value(all).map_err(wrong)?;
    if options.is_sound() {
        Ok(options)
    } else {
        Err(PyValueError::new_err("options out of range"))
    }
}

/// Runs `judge` over the text of a model, without holding the interpreter.
fn judged<'py>(
    text: &Bound<'py, PyString>,
    judge: impl Fn(Result<&str, &[u8]>) -> Outcome + Send + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    // A surrogate code point is in no UTF-8: nothing was answered.
    let outcome = match text.to_cow() {
        Ok(text) => py.detach(|| judge(Ok(&text))),
        Err(_) => judge(Err(b"\xff")),
    };
    to_python(py, &serde_json::to_value(outcome).map_err(wrong)?)
}

/// Scores the text of a model; arguments stay pending.
#[pyfunction]
fn score<'py>(
    row: &str,
    text: &Bound<'py, PyString>,
    profile: &str,
    replaced: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let options = options(profile, replaced)?;
    judged(text, |text| match text {
        Ok(text) => backstory_verify::score(row, text, &options),
        Err(bytes) => backstory_verify::score_bytes(row, bytes, &options),
    })
}

/// Scores the text of a model whose arguments were called.
///
/// `what` is `returned`, `raised`, `limit` or `infrastructure`; `content` is the canonical
/// JSON of the result, the type raised, or why the sandbox failed.
#[pyfunction]
fn settle<'py>(
    row: &str,
    text: &Bound<'py, PyString>,
    profile: &str,
    replaced: &str,
    what: &str,
    content: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let (options, called) = (options(profile, replaced)?, called(what, content)?);
    let caller = move |_: &Function, _: &[Value]| called.clone();
    judged(text, |text| match text {
        Ok(text) => backstory_verify::score_with(row, text, &options, &caller),
        Err(bytes) => backstory_verify::score_bytes(row, bytes, &options),
    })
}

fn called(what: &str, content: &str) -> PyResult<CallOutcome> {
    Ok(match what {
        "returned" => Value::parse(content).map_or(CallOutcome::Unreadable, CallOutcome::Returned),
        "raised" => CallOutcome::Raised(TypeName::parse(content).map_err(wrong)?),
        "limit" => CallOutcome::Limit,
        "infrastructure" => CallOutcome::Infrastructure(content.to_owned()),
        _ => return Err(PyValueError::new_err(format!("`{what}` is nothing a call does"))),
    })
}

/// Scores code by the outcomes of its tests.
#[pyfunction]
fn score_unit_tests<'py>(
    text: &Bound<'py, PyString>,
    tests: Vec<String>,
    replaced: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let word = |word: String| match word.as_str() {
        "passed" => Ok(UnitTest::Passed),
        "failed" => Ok(UnitTest::Failed),
        "infrastructure" => Ok(UnitTest::Infrastructure),
        _ => Err(PyValueError::new_err(format!("`{word}` is nothing a test does"))),
    };
    let tests: Vec<UnitTest> = tests.into_iter().map(word).collect::<PyResult<_>>()?;
    let options: UnitTestOptions = serde_json::from_str(replaced).map_err(wrong)?;
    let outcome = backstory_verify::score_unit_tests(&lossy(text), &tests, &options);
    to_python(text.py(), &serde_json::to_value(outcome).map_err(wrong)?)
}

/// Returns the code between the only tags, or nothing.
#[pyfunction]
fn code(text: &Bound<'_, PyString>) -> Option<String> {
    backstory_verify::code(&lossy(text)).ok().map(str::to_owned)
}

fn lossy(text: &Bound<'_, PyString>) -> String {
    text.to_string_lossy().into_owned()
}

/// Returns the answer block that is right for every question of an item.
#[pyfunction]
fn gold_answer(row: &str) -> PyResult<String> {
    Item::parse(row).and_then(|item| item.gold_answer()).map_err(wrong)
}

/// Returns the canonical text of a value.
#[pyfunction]
fn canonical(value: &str) -> PyResult<String> {
    Value::parse(value).map(|value| value.canonical()).map_err(wrong)
}

/// Says whether two texts state the same value.
#[pyfunction]
fn same(one: &str, two: &str) -> PyResult<bool> {
    Ok(Value::parse(one).map_err(wrong)?.same(&Value::parse(two).map_err(wrong)?))
}

/// Turns JSON into plain Python objects.
fn to_python<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyAny>> {
    Ok(match json {
        Json::Null => py.None().into_bound(py),
        Json::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.into_pyobject(py)?.into_any(),
            None => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Json::String(text) => PyString::new(py, text).into_any(),
        Json::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any()
        }
        Json::Object(pairs) => {
            let dict = PyDict::new(py);
            for (key, value) in pairs {
                dict.set_item(key, to_python(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

/// The compiled part of `backstory`.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("VERIFIER_VERSION", backstory_verify::VERIFIER_VERSION)?;
    module.add_function(wrap_pyfunction!(score, module)?)?;
    module.add_function(wrap_pyfunction!(settle, module)?)?;
    module.add_function(wrap_pyfunction!(score_unit_tests, module)?)?;
    module.add_function(wrap_pyfunction!(code, module)?)?;
    module.add_function(wrap_pyfunction!(gold_answer, module)?)?;
    module.add_function(wrap_pyfunction!(canonical, module)?)?;
    module.add_function(wrap_pyfunction!(same, module)?)
}

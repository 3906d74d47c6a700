//! How do vLLM and `SGLang` answer, in the forms they document?
//!
//! In: the bodies of requests. Out: bodies of answers, over a toy model whose tokens are
//! pieces of words and whose probabilities follow from the bytes of two tokens. First
//! tokens have no probability, counts are of whole requests, as in the real ones.

use serde_json::{Value, json};

/// A toy model behind documented answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToyEngine {
    /// Whether a mark of the beginning stands before every text.
    pub marks_beginning: bool,
}

const MARK: &str = "<|begin|>";

impl ToyEngine {
    /// Cuts a text into tokens: pieces of words with the blank before them, and marks.
    pub fn tokens(self, text: &str) -> Vec<String> {
        let mut tokens: Vec<String> = Vec::new();
        if self.marks_beginning {
            tokens.push(MARK.to_owned());
        }
        let mut last = ' ';
        for (at, letter) in text.char_indices() {
            let joins = at > 0
                && letter.is_alphanumeric()
                && (last.is_alphanumeric() || last == ' ')
                && tokens.last().is_some_and(|token| token != MARK && token.len() < 6);
            match tokens.last_mut() {
                Some(token) if joins => token.push(letter),
                _ => tokens.push(letter.to_string()),
            }
            last = letter;
        }
        tokens
    }

    /// Returns the log-probability of every token; the first has none.
    pub fn logprobs(self, tokens: &[String]) -> Vec<Option<f64>> {
        let number = |text: &str| text.bytes().map(u32::from).sum::<u32>();
        let pairs = tokens.windows(2);
        let known = pairs.map(|pair| (number(&pair[0]) * 7 + number(&pair[1]) * 3) % 97);
        [None].into_iter().chain(known.map(|share| Some(-0.25 - f64::from(share) / 32.0))).collect()
    }

    /// Returns what `/v1/models` lists.
    pub fn models(self, name: &str, owner: &str) -> Value {
        json!({"object": "list", "data": [
            {"id": name, "object": "model", "owned_by": owner, "max_model_len": 8192},
        ]})
    }

    /// Answers `/v1/completions` as vLLM does.
    pub fn completions(self, body: &Value) -> Value {
        let texts = texts(&body["prompt"]);
        let echoes = body["echo"] == json!(true);
        let writes = body["max_tokens"] != json!(0);
        let prompted = body.get("prompt_logprobs").is_some();
        let mut prompt_tokens = 0;
        let choices: Vec<Value> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let tokens = self.tokens(text);
                prompt_tokens += tokens.len();
                let mut choice = json!({"index": index, "text": " ok", "logprobs": null,
                    "finish_reason": "length"});
                if echoes {
                    let shown = if writes { format!("{text} ok") } else { text.clone() };
                    choice["text"] = json!(shown);
                    choice["logprobs"] = self.echoed(&tokens, writes);
                }
                if prompted {
                    let ids: Vec<usize> = (0..tokens.len()).map(|at| 900 + at).collect();
                    choice["prompt_token_ids"] = json!(ids);
                    choice["prompt_logprobs"] = self.prompted(&tokens);
                }
                choice
            })
            .collect();
        let written = texts.len();
        json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": body["model"],
            "choices": choices, "usage": {"prompt_tokens": prompt_tokens,
                "completion_tokens": written, "total_tokens": prompt_tokens + written}})
    }

    fn echoed(self, tokens: &[String], writes: bool) -> Value {
        let mut logprobs = self.logprobs(tokens);
        let mut tokens = tokens.to_vec();
        if writes {
            tokens.push(" ok".to_owned());
            logprobs.push(Some(-0.125));
        }
        json!({"tokens": tokens, "token_logprobs": logprobs, "text_offset": [],
            "top_logprobs": []})
    }

    fn prompted(self, tokens: &[String]) -> Value {
        let places = tokens.iter().zip(self.logprobs(tokens)).enumerate();
        let place = |(at, (token, logprob)): (usize, (&String, Option<f64>))| {
            let Some(logprob) = logprob else { return Value::Null };
            let id = (900 + at).to_string();
            // The most likely token stands beside the real one when they differ.
            json!({"7": {"logprob": -0.01, "rank": 1, "decoded_token": "x"},
                id: {"logprob": logprob, "rank": 2, "decoded_token": token}})
        };
        places.map(place).collect()
    }

    /// Answers `/v1/chat/completions`.
    pub fn chat(self, body: &Value) -> Value {
        let asked = body["messages"][0]["content"].as_str().unwrap_or_default();
        let tokens = self.tokens(asked).len();
        json!({"id": "chat-1", "object": "chat.completion", "choices": [{"index": 0,
            "message": {"role": "assistant", "content": "It adds."}, "logprobs": null,
            "finish_reason": "stop"}], "usage": {"prompt_tokens": tokens,
                "completion_tokens": 3, "total_tokens": tokens + 3}})
    }

    /// Answers `/generate` as `SGLang` does.
    pub fn generate(self, body: &Value) -> Value {
        let start =
            body["logprob_start_len"].as_u64().and_then(|start| usize::try_from(start).ok());
        let answer = |text: &String| {
            let tokens = self.tokens(text);
            let places = tokens.iter().zip(self.logprobs(&tokens)).enumerate();
            let shown: Vec<Value> = places
                .skip(start.unwrap_or(tokens.len()))
                .map(|(at, (token, logprob))| {
                    let first = at == start.unwrap_or(0);
                    json!([logprob.filter(|_| !first), 900 + at, token])
                })
                .collect();
            json!({"text": "", "meta_info": {"id": "1", "finish_reason": {"type": "length"},
                "prompt_tokens": tokens.len(), "completion_tokens": 0, "cached_tokens": 0,
                "input_token_logprobs": shown, "output_token_logprobs": []}})
        };
        texts(&body["text"]).iter().map(answer).collect()
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    }
}

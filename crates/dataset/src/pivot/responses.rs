//! How do chat messages read as items of the Responses API?
//!
//! In: messages and tools in the chat form of `OpenAI`. Out: the items and flat tools that
//! the Responses API takes (openai 2.7, as NeMo-Gym pins it). Arguments are JSON text there,
//! and an object in chat rows.

use serde_json::{Map, Value, json};

/// Returns the items of a conversation; a message may become several.
pub(super) fn items<'m>(messages: impl Iterator<Item = &'m Value>) -> Vec<Value> {
    let mut items = Vec::new();
    for message in messages {
        match message["role"].as_str() {
            Some("tool") => items.push(json!({
                "type": "function_call_output",
                "call_id": message["tool_call_id"],
                "output": message["content"],
            })),
            Some("assistant") => assistant(message, &mut items),
            _ => items.push(json!({"role": message["role"], "content": message["content"]})),
        }
    }
    items
}

fn assistant(message: &Value, items: &mut Vec<Value>) {
    let calls = message["tool_calls"].as_array();
    if let Some(reasoning) = message["reasoning_content"].as_str() {
        let call = calls.and_then(|calls| calls.first()).map_or("said", |call| id(call));
        items.push(json!({"type": "reasoning", "id": format!("reason_{call}"),
            "summary": [{"type": "summary_text", "text": reasoning}]}));
    }
    if message["content"].as_str().is_some_and(|content| !content.is_empty()) {
        items.push(json!({"role": "assistant", "content": message["content"]}));
    }
    for call in calls.into_iter().flatten() {
        let function = &call["function"];
        let given = function["arguments"].as_object().map(arguments);
        items.push(json!({"type": "function_call", "call_id": id(call),
            "name": function["name"], "arguments": given}));
    }
}

fn id(call: &Value) -> &str {
    call["id"].as_str().unwrap_or_default()
}

/// Returns the arguments of a call as JSON text.
pub(super) fn arguments(given: &Map<String, Value>) -> String {
    Value::Object(given.clone()).to_string()
}

/// Returns the tools without the layer that chat rows have around a function.
pub(super) fn tools(tools: &[Value]) -> Vec<Value> {
    let flat = |tool: &Value| {
        let function = &tool["function"];
        json!({"type": "function", "name": function["name"],
            "description": function["description"], "parameters": function["parameters"],
            "strict": false})
    };
    tools.iter().map(flat).collect()
}

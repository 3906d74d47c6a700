//! Do requests reach a server over a real socket, and do its answers come back?

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use backstory_records::{
    CollectOptions, Forge, Http, Part, RecordFolder, Request, Transport as _, collect,
};

use super::toy::Waits;

const ISSUE: &str = r#"[{"id":101,"number":1,"title":"Crash","user":null,"state":"open",
    "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00Z"}]"#;

/// Answers so many requests, each over a connection of its own, and returns their heads.
fn serve(answers: Vec<String>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let thread = thread::spawn(move || {
        let take = |answer: String| {
            let (mut stream, _) = listener.accept().expect("a connection");
            let head = head(&stream);
            stream.write_all(answer.as_bytes()).expect("the answer");
            head
        };
        answers.into_iter().map(take).collect()
    });
    (base, thread)
}

fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nDate: Mon, 04 May 2026 10:00:00 GMT\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}

#[test]
fn a_collection_runs_over_a_real_socket_and_survives_a_cut_answer() {
    let temp = tempfile::tempdir().expect("a folder");
    let cut = answer("200 OK", "", ISSUE).replace(&ISSUE[40..], "");
    let (base, server) = serve(vec![
        answer("200 OK", "", r#"{"created_at":"2026-01-01T00:00:00Z"}"#),
        cut,
        answer("503 Service Unavailable", "", "later"),
        answer("200 OK", "ETag: \"x\"\r\n", ISSUE),
    ]);
    let options = CollectOptions {
        forge: Forge::GitHub,
        repo: "acme/toy".to_owned().try_into().expect("a name"),
        path: None,
        base,
        token: Some("a-secret".to_owned()),
        parts: [Part::Issues].into(),
        since: None,
        first_days: None,
        max_bytes: None,
    };
    let folder = RecordFolder::open(&temp.path().join("records")).expect("a folder");
    let http = Http::new(None, None).expect("a transport");
    let waits = Waits::default();
    let told = collect(&folder, &options, &http, &waits).expect("a collection");
    assert_eq!((told.records["issue"], told.requests), (1, 4));
    assert_eq!(told.asked_at.as_deref(), Some("2026-05-04T10:00:00Z"));
    assert_eq!(waits.0.borrow().len(), 2);
    let heads = server.join().expect("the server");
    assert!(heads[0].starts_with("GET /repos/acme/toy HTTP/1.1"), "{}", heads[0]);
    for head in heads {
        let head = head.to_lowercase();
        assert!(head.contains("authorization: bearer a-secret"), "{head}");
        assert!(head.contains("user-agent: backstory/"), "{head}");
    }
}

#[test]
fn redirects_and_failures_come_back_as_they_are() {
    let (base, server) = serve(vec![
        answer("302 Found", "Location: https://elsewhere.example/\r\n", ""),
        answer("404 Not Found", "X-Next-Page: 2\r\n", "{}"),
    ]);
    let http = Http::new(None, None).expect("a transport");
    let ask = || http.get(&Request { url: &base, headers: &[("accept", "a/b".to_owned())] });
    let redirect = ask().expect("an answer");
    assert_eq!(redirect.status, 302);
    assert_eq!(redirect.header("location"), Some("https://elsewhere.example/"));
    let missing = ask().expect("an answer");
    assert_eq!((missing.status, missing.header("x-next-page")), (404, Some("2")));
    assert!(server.join().expect("the server").iter().all(|head| head.contains("a/b")));
    http.get(&Request { url: &base, headers: &[] }).map(drop).expect_err("nobody listens");
}

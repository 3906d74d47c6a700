//! What does a server of a language model answer when none is there?
//!
//! In: a script that sees each request. Out: a server on this machine that answers over
//! real sockets, and what it was asked. It can cut an answer short or keep silent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// One request, as the server got it.
#[derive(Clone, Debug)]
pub struct ModelRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// Line of the request and headers.
    pub head: String,
    /// The body; null when there is none.
    pub body: Value,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct ModelReply {
    /// The status.
    pub status: u16,
    /// Headers, each a whole line without its end.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
    /// After how many bytes of the body the connection ends.
    pub cut: Option<usize>,
    /// Whether nothing is sent for longer than any client of a test waits.
    pub silent: bool,
}

impl ModelReply {
    /// Answers with JSON.
    pub fn json(body: &Value) -> Self {
        Self::status(200, &body.to_string())
    }

    /// Answers with a status and a body.
    pub fn status(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned(), cut: None, silent: false }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    /// Ends the connection after so many bytes of the body.
    #[must_use]
    pub fn cut(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Keeps silent instead.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }
}

type Script = dyn Fn(&ModelRequest, usize) -> ModelReply + Send + Sync;

/// A server on this machine.
pub struct ModelServer {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<ModelRequest>>>,
}

impl ModelServer {
    /// Starts a server; the script gets each request and how many came before it.
    ///
    /// # Panics
    ///
    /// When no port of this machine is free.
    pub fn start(
        script: impl Fn(&ModelRequest, usize) -> ModelReply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let over = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let (ended, list) = (Arc::clone(&over), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), script) = (stream, Arc::clone(&script)) else { continue };
                let list = Arc::clone(&list);
                thread::spawn(move || serve(stream, &list, script.as_ref()));
            }
        });
        Self { address, over, asked }
    }

    /// Returns its address.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what it was asked so far.
    pub fn asked(&self) -> Vec<ModelRequest> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections, so that it sees the end.
        drop(TcpStream::connect(self.address));
    }
}

/// Answers one request; a client that went away is no error.
fn serve(mut stream: TcpStream, asked: &Mutex<Vec<ModelRequest>>, script: &Script) {
    let Some(request) = read(&stream) else { return };
    let before = {
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(request.clone());
        asked.len() - 1
    };
    let reply = script(&request, before);
    if reply.silent {
        thread::sleep(Duration::from_secs(30));
        return;
    }
    let length = reply.body.len();
    let lines = [format!("HTTP/1.1 {} Told", reply.status), format!("Content-Length: {length}")];
    let head: Vec<String> = lines
        .into_iter()
        .chain(["Connection: close".to_owned()])
        .chain(reply.headers)
        .map(|line| format!("{line}\r\n"))
        .collect();
    let sent = reply.cut.unwrap_or(length).min(length);
    let whole = [head.concat().as_bytes(), b"\r\n", &reply.body.as_bytes()[..sent]].concat();
    drop(stream.write_all(&whole));
}

fn read(stream: &TcpStream) -> Option<ModelRequest> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let before = head.len();
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
        if head[before..].trim().is_empty() {
            break;
        }
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().ok())?
    });
    let mut body = Vec::new();
    reader.take(length.unwrap_or(0)).read_to_end(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(ModelRequest { method, path, head, body })
}

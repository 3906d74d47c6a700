//! How does one job run from start to end?
//!
//! In: what is in force on this machine and a job. Out: its result, after
//! everything it started is gone. Two threads read, one what the job prints and
//! one what the first process says; the thread that runs the job keeps the time.

use std::io::{self, BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backstory_model::{ContainmentLevel, Limits, SandboxError, SandboxJob, SandboxResult, Usage};
use backstory_store::fs::read_text;

use crate::sandbox::capture::Capture;
use crate::sandbox::cause::{Evidence, Stop};
use crate::sandbox::cgroup::{Group, Groups};
use crate::sandbox::folders::WrittenFolders;
use crate::sandbox::job::Planned;
use crate::sandbox::plan::{self, Observed, Room, Word};
use crate::sandbox::stage::{BOUND, HOST, OUTER};

/// How often limits that nobody reports are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How long an ended sandbox may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// What every job of one sandbox starts with.
#[derive(Debug)]
pub struct Launcher {
    /// The program bubblewrap.
    pub bubblewrap: PathBuf,
    /// The program of the stages.
    pub program: PathBuf,
    /// What calls them.
    pub arguments: Vec<String>,
    /// Where control groups are made, if they can be.
    pub groups: Option<Groups>,
    /// Set from outside to end every job.
    pub canceled: Arc<AtomicBool>,
}

/// A result, and what the first process said was in force.
pub struct Launched {
    /// The result; the level in it is the caller's to fill in.
    pub result: SandboxResult,
    /// The Landlock interface in force.
    pub landlock: u32,
    /// Whether the system call filter is in force.
    pub seccomp: bool,
}

/// What the threads report.
enum Event {
    /// The stages said something.
    Said(Word),
    /// Nobody is left to say anything.
    Silent,
    /// More was printed than may be.
    TooMuch,
    /// Nobody is left to print anything.
    Closed,
}

/// What was said so far.
#[derive(Default)]
struct Heard {
    failed: Option<String>,
    begun: Option<(u32, bool)>,
    observed: Option<Observed>,
    silent: bool,
    closed: bool,
    too_much: bool,
}

/// What is started for one job.
pub struct Start {
    /// The argument that calls the first stage.
    pub stage: &'static str,
    /// What it is sent.
    pub frames: Vec<u8>,
    /// The folders of the host the job may write.
    pub written: Vec<PathBuf>,
    /// How much each of them may hold.
    pub room: Room,
}

/// A job that runs.
struct Running {
    child: Child,
    socket: UnixStream,
    ends_when_asked: bool,
    events: Receiver<Event>,
    heard: Heard,
    capture: Arc<Mutex<Capture>>,
    group: Option<Group>,
    folders: WrittenFolders,
    start: Instant,
}

impl Launcher {
    /// Returns whether processes have to be bounded, because no control group
    /// counts them and no limit of processes holds for root.
    pub fn needs_bound(&self) -> bool {
        self.groups.is_none() && nix::unistd::geteuid().is_root()
    }

    fn first_stage(&self) -> &'static str {
        if self.needs_bound() { BOUND } else { OUTER }
    }

    /// Runs a job to its end.
    pub fn run(&self, job: &SandboxJob) -> Result<Launched, SandboxError> {
        let start_error = |source| SandboxError::Start { job: job.name.clone(), source };
        let group = self.groups.as_ref().map(|groups| groups.create(&job.limits)).transpose();
        let group = group.map_err(start_error)?;
        let planned = Planned::new(self, job, group.as_ref()).map_err(start_error)?;
        let start = self.start_of(&planned).map_err(start_error)?;
        let launched = self.run_started(job, &start, group);
        drop(planned);
        launched
    }

    fn start_of(&self, planned: &Planned) -> io::Result<Start> {
        let mut frames = Vec::new();
        plan::send(&mut frames, &planned.outer)?;
        plan::send(&mut frames, &planned.inner)?;
        let (written, room) = (planned.written.clone(), planned.outer.room);
        Ok(Start { stage: self.first_stage(), frames, written, room })
    }

    /// Runs a job from its first stage on.
    pub fn run_started(
        &self,
        job: &SandboxJob,
        start: &Start,
        group: Option<Group>,
    ) -> Result<Launched, SandboxError> {
        let start_error = |source| SandboxError::Start { job: job.name.clone(), source };
        let mut running = Running::start(self, start, group, &job.limits).map_err(start_error)?;
        let stop = running.wait(&job.limits, &self.canceled);
        let gone = running.end();
        let broken = |what: String| SandboxError::Broken { job: job.name.clone(), what };
        gone.map_err(|error| broken(format!("processes are left: {error}")))?;
        if let Some(what) = running.why_not_begun(stop) {
            return Err(start_error(io::Error::other(what)));
        }
        Ok(running.result(stop, &job.limits))
    }
}

impl Running {
    /// Starts the stages and the threads that listen to them.
    fn start(
        launcher: &Launcher,
        what: &Start,
        group: Option<Group>,
        limits: &Limits,
    ) -> io::Result<Self> {
        let start = Instant::now();
        let (mut socket, theirs) = UnixStream::pair()?;
        let (printed, print) = io::pipe()?;
        let child = Command::new(&launcher.program)
            .args(&launcher.arguments)
            .arg(what.stage)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(print.try_clone()?)
            .stderr(print)
            .spawn()?;
        let (sender, events) = channel();
        let capture = Arc::new(Mutex::new(Capture::default()));
        let (said, most) = (sender.clone(), limits.output);
        let ours = socket.try_clone()?;
        // A stage that fails early does not read it; its own words say why.
        let _ = socket.write_all(&what.frames);
        let running = Self {
            child,
            socket,
            ends_when_asked: what.stage == HOST,
            events,
            heard: Heard::default(),
            capture: Arc::clone(&capture),
            group,
            folders: WrittenFolders::new(what.written.clone(), what.room),
            start,
        };
        thread::spawn(move || read_words(ours, &said));
        thread::spawn(move || read_output(printed, &capture, most, &sender));
        Ok(running)
    }

    /// Waits for the end; returns why it has to be made, if it has to.
    fn wait(&mut self, limits: &Limits, canceled: &AtomicBool) -> Option<Stop> {
        let wall = Duration::from_secs(limits.wall_seconds.into());
        let deadline = (limits.wall_seconds > 0).then(|| self.start + wall);
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Some(Stop::Time);
            }
            self.hear(left.map_or(TICK, |left| left.min(TICK)));
            if self.heard.silent {
                return None;
            }
            if self.heard.too_much {
                return Some(Stop::Output);
            }
            if canceled.load(Ordering::Relaxed) {
                return Some(Stop::Canceled);
            }
            if let Some(stop) = self.look(limits) {
                return Some(stop);
            }
        }
    }

    /// Takes in what is reported within a time.
    fn hear(&mut self, within: Duration) {
        match self.events.recv_timeout(within) {
            Ok(Event::Said(Word::Failed { what })) => self.heard.failed = Some(what),
            Ok(Event::Said(Word::Begun { landlock, seccomp })) => {
                self.heard.begun = Some((landlock, seccomp));
            }
            Ok(Event::Said(Word::Ended(observed))) => self.heard.observed = Some(observed),
            Ok(Event::Silent) => self.heard.silent = true,
            Ok(Event::Closed) => self.heard.closed = true,
            Ok(Event::TooMuch) => self.heard.too_much = true,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(within),
        }
    }

    /// Looks at the limits nobody reports. Once the job has ended they are
    /// counters like others.
    fn look(&mut self, limits: &Limits) -> Option<Stop> {
        if self.heard.observed.is_some() {
            return None;
        }
        if let Some(group) = &self.group {
            let counters = group.counters();
            if limits.cpu_seconds > 0 && counters.cpu_seconds > f64::from(limits.cpu_seconds) {
                return Some(Stop::Cpu);
            }
        }
        self.folders.are_over_by_now().then_some(Stop::Disk)
    }

    /// Ends whatever is left, and waits until it is gone.
    fn end(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + GONE_WITHIN;
        if self.ends_when_asked {
            // Nobody else ends what it started; fails when it has ended by itself.
            let _ = self.socket.shutdown(Shutdown::Write);
            while !self.heard.silent && Instant::now() < deadline {
                self.hear(TICK);
            }
        }
        if !self.heard.silent {
            // Fails only when it has ended by itself. The first process inside
            // dies with it, and the kernel ends the others.
            let _ = self.child.kill();
        }
        while !(self.heard.silent && self.heard.closed) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.hear(left);
        }
        Ok(())
    }

    /// Returns why the command was not even started.
    fn why_not_begun(&mut self, stop: Option<Stop>) -> Option<String> {
        let failed = self.heard.failed.take();
        if failed.is_some() || self.heard.begun.is_some() || stop.is_some() {
            return failed;
        }
        let (printed, _) = self.capture.lock().unwrap_or_else(PoisonError::into_inner).finish();
        Some(String::from_utf8_lossy(&printed).trim().to_owned())
    }

    /// Puts together what came of the job.
    fn result(mut self, stop: Option<Stop>, limits: &Limits) -> Launched {
        let own_seconds = run_seconds(self.child.id());
        // It has ended; this only takes its entry out of the process table.
        let _ = self.child.wait();
        let counters = self.group.as_ref().map(Group::counters);
        let overfull = self.folders.are_over();
        let observed = self.heard.observed.take();
        let evidence = Evidence { stop, observed, counters, overfull };
        let ending = evidence.ending(limits);
        let seen = evidence.observed.unwrap_or_default();
        let (output, cut) = self.capture.lock().unwrap_or_else(PoisonError::into_inner).finish();
        let overhead_seconds = own_seconds + seen.own_seconds;
        let counted = counters.unwrap_or_default();
        let usage = Usage {
            cpu_seconds: seen.cpu_seconds.max(counted.cpu_seconds - overhead_seconds),
            overhead_seconds,
            wall_seconds: self.start.elapsed().as_secs_f64(),
            peak_memory: seen.peak_memory.max(counted.peak_memory),
        };
        let (landlock, seccomp) = self.heard.begun.unwrap_or_default();
        let containment = ContainmentLevel::None;
        let status = seen.status;
        let result = SandboxResult { ending, status, output, cut, containment, usage };
        Launched { result, landlock, seccomp }
    }
}

/// Reads what the stages say, line by line.
fn read_words(socket: UnixStream, events: &Sender<Event>) {
    for line in BufReader::new(socket).lines() {
        let Ok(word) = line.and_then(|line| Ok(serde_json::from_str(&line)?)) else { break };
        // Nobody listens to a job that was given up.
        let _ = events.send(Event::Said(word));
    }
    let _ = events.send(Event::Silent);
}

/// Reads what the job prints; what is over the limit is read too, so that it
/// does not hang before it is ended.
fn read_output(
    mut printed: PipeReader,
    capture: &Mutex<Capture>,
    most: u64,
    events: &Sender<Event>,
) {
    let mut buffer = vec![0; 64 << 10];
    let mut reported = most == 0;
    loop {
        match printed.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let mut capture = capture.lock().unwrap_or_else(PoisonError::into_inner);
                capture.take(&buffer[..length]);
                if !reported && capture.total() > most {
                    reported = true;
                    let _ = events.send(Event::TooMuch);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = events.send(Event::Closed);
}

/// Returns how long an ended process that was not waited for has run: of
/// bubblewrap, nothing else tells it to the nanosecond.
fn run_seconds(process: u32) -> f64 {
    let text = read_text(&Path::new("/proc").join(process.to_string()).join("schedstat"));
    let nanoseconds = text.ok().and_then(|text| text.split(' ').next()?.parse::<u32>().ok());
    nanoseconds.map_or(0.0, |nanoseconds| f64::from(nanoseconds) / 1e9)
}

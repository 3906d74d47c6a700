//! How long do the comparisons of a report take?
//!
//! In: nothing. Out: one JSON line: CPU seconds of 40 comparisons of 374 issues of 18
//! repositories with 2,000 draws over issues and as many over repositories.

#![expect(clippy::print_stdout, reason = "the line is the output of this program")]

use std::time::Duration;

use backstory_learn::measure::statistics::{BootstrapOptions, Sample, compare};
use backstory_learn::seed::Seed;
use rustix::time::{ClockId, clock_gettime};

fn main() {
    let names: Vec<String> = (0..18).map(|name| format!("acme/{name}")).collect();
    let mut stream = Seed::of(&["bench"]).generator();
    let start = cpu_time();
    let mut wins = 0;
    for number in 0..40 {
        let row = |at: usize| (names[at % names.len()].as_str(), stream.unit() - 0.45);
        let sample = Sample::new((0..374).map(row).collect::<Vec<_>>());
        let options = BootstrapOptions { seed: Seed::new(number), ..BootstrapOptions::default() };
        wins += usize::from(compare(&sample, None, &options).effect > 0.0);
    }
    let seconds = cpu_time().saturating_sub(start).as_secs_f64();
    println!(
        "{{\"comparisons\":40,\"issues\":374,\"draws\":2000,\"positive\":{wins},\
         \"cpu_seconds\":{seconds:.3}}}"
    );
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}

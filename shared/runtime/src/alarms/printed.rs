//! What a run prints. A function's metrics go to its standard output, so the run is this program of tests once more, as a process
//! whose output can be read.

use super::runs;
use std::process::Command;

/// The variable that tells the process which run it is: its name, how much goes wrong, and how much well.
const RUN: &str = "CEAP_RUN";

/// The lines of CloudWatch's embedded metric format that a run prints.
pub fn lines(run: &str, bad: usize, good: usize) -> Vec<String> {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["alarms::printed::one_run", "--exact", "--ignored", "--nocapture"])
        .env(RUN, format!("{run} {bad} {good}"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{run} with {bad} and {good}:\n{text}\n{errors}");
    // What the harness says of the test stands before the first line.
    let json = |line: &str| line.find('{').and_then(|at| line.get(at..)).map(str::to_owned);
    let lines: Vec<String> =
        text.lines().filter_map(json).filter(|line| line.contains("\"_aws\"")).collect();
    assert!(!lines.is_empty(), "{run} printed no metrics:\n{text}\n{errors}");
    lines
}

#[tokio::test]
#[ignore = "a process of its own, which the tests of alarms start"]
async fn one_run() {
    let run = std::env::var(RUN).unwrap();
    let words: Vec<&str> = run.split(' ').collect();
    let [run, bad, good] = words[..] else { panic!("{run:?} is no run") };
    let (bad, good) = (bad.parse().unwrap(), good.parse().unwrap());
    match run {
        "helpdesk" => crate::helpdesk::tests::failing::requests(bad, good).await,
        "requests" => runs::requests(bad, good).await,
        "events" => runs::events(bad, good).await,
        "signals" => runs::signals(bad, good).await,
        "stages" => runs::stages(bad, good).await,
        "refused" => runs::refused(bad, good).await,
        "unknown" => runs::unknown(bad, good).await,
        "bounced" => runs::told("ses-bounced", bad, good).await,
        "complained" => runs::told("ses-complained", bad, good).await,
        other => panic!("there is no run {other}"),
    }
}

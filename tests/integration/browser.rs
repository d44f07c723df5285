//! The page in a browser: Chromium, driven without a window. Where there is none on the machine, that is said and nothing
//! else is: `.ci/run` installs one where it may.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;
use trailseal::render::{self, Format, human};
use trailseal::report::Report;

use crate::render_worlds::{clean, damaged, every_code, year_of_an_organization};

/// A browser that takes commands through a pipe (Chrome DevTools Protocol, `--remote-debugging-pipe`).
struct Browser {
    process: Child,
    commands: File,
    answers: BufReader<File>,
    session: String,
    number: u64,
    /// What it told unasked.
    events: Vec<Value>,
    _folder: TempDir,
}

impl Browser {
    fn start() -> Option<Self> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let paths = std::env::var_os("PATH")?;
        let program = std::env::split_paths(&paths)
            .flat_map(|folder| names.map(|name| folder.join(name)))
            .find(|path| path.is_file())?;
        let folder = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let path = folder.path().join(name);
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            path
        };
        let (commands, answers) = (pipe("commands"), pipe("answers"));
        // Opened for both directions, so that neither side waits for the other to come.
        let open = |path: &PathBuf| OpenOptions::new().read(true).write(true).open(path).unwrap();
        let (written, read) = (open(&commands), open(&answers));
        let process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$COMMANDS\" 4>\"$ANSWERS\""])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--remote-debugging-pipe", "about:blank"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .envs([("COMMANDS", &commands), ("ANSWERS", &answers)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut browser = Self {
            process,
            commands: written,
            answers: BufReader::new(read),
            session: String::new(),
            number: 0,
            events: Vec::new(),
            _folder: folder,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session =
            browser.ask("Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Network", "Log", "Runtime"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Sends a command and waits for its result.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let answer = self.hear();
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn hear(&mut self) -> Value {
        let mut text = Vec::new();
        self.answers.read_until(0, &mut text).unwrap();
        text.pop();
        serde_json::from_slice(&text).unwrap()
    }

    fn open(&mut self, page: &Path) {
        self.events.clear();
        self.ask("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.hear();
            self.events.push(event);
        }
    }

    fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        self.ask("Runtime.evaluate", asked)["result"]["value"].clone()
    }

    fn told(&self, method: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["method"] == method).collect()
    }

    fn look(&mut self, width: u32, scheme: &str) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": scheme }));
    }

    /// How many sheets of paper the page takes.
    fn sheets(&mut self) -> usize {
        let printed =
            self.ask("Page.printToPDF", json!({ "preferCSSPageSize": true, "printBackground": true }));
        let pdf = BASE64.decode(printed["data"].as_str().unwrap()).unwrap();
        String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn page(folder: &Path, name: &str, report: &Report) -> PathBuf {
    let mut html = Vec::new();
    render::write(Format::Html, report, &human::Options::default(), &mut html).unwrap();
    let path = folder.join(format!("{name}.html"));
    fs::write(&path, html).unwrap();
    path
}

/// As many findings of one kind as make a long list.
fn seven_hundred() -> Report {
    let mut report = damaged();
    let one = report.findings[0].clone();
    for number in 0..700 {
        let mut finding = one.clone();
        finding.at = finding.at.map(|at| at + chrono::TimeDelta::minutes(number));
        report.findings.push(finding);
    }
    report.sort();
    report
}

#[test]
fn the_page_stands_alone_lands_every_link_fits_a_phone_and_prints() {
    let Some(mut browser) = Browser::start() else {
        println!("no Chromium on this machine: the page was not looked at");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let pages = [
        ("whole", clean(), 1..=3),
        ("damaged", damaged(), 2..=8),
        ("every-code", every_code(), 5..=28),
        ("year", year_of_an_organization(), 3..=40),
        ("seven-hundred", seven_hundred(), 2..=9),
    ];
    for (name, report, sheets) in pages {
        let path = page(folder.path(), name, &report);
        for (width, scheme) in [(1400, "light"), (1400, "dark"), (390, "light")] {
            browser.look(width, scheme);
            browser.open(&path);
            let own = format!("file://{}", path.display());
            for request in browser.told("Network.requestWillBeSent") {
                assert_eq!(request["params"]["request"]["url"], own, "{name}: a request leaves the page");
            }
            let complaints =
                [browser.told("Log.entryAdded"), browser.told("Runtime.consoleAPICalled")].concat();
            assert!(complaints.is_empty(), "{name}: {complaints:?}");
            let dead = browser.evaluate(
                "[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))\
                 .filter(href => !href.startsWith('#') || !document.getElementById(href.slice(1))).join(' ')",
            );
            assert_eq!(dead, "", "{name}: links that lead nowhere");
            let sideways = browser
                .evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(sideways, 0, "{name} at {width}: scrolls sideways");
            let paper = browser.evaluate("getComputedStyle(document.body).backgroundColor");
            assert_eq!(paper == "rgb(255, 255, 255)", scheme == "light", "{name} in {scheme}: {paper}");
        }
        let count = browser.sheets();
        assert!(sheets.contains(&count), "{name} takes {count} sheets");
    }
}

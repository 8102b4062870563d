//! What `reel` gives to shells and readers of manuals.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod support;

use std::process::Command;

use support::{Folder, reel, succeed};

#[test]
fn shells_complete_verbs_flags_and_values() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = succeed(reel(&["completions", shell], &[]));
        assert!(script.contains("strip-metadata") && script.contains("completions"), "{shell}");
    }
    assert_eq!(reel(&["completions", "tcsh"], &[]).status.code(), Some(2));
    let script = folder.file("reel.bash");
    std::fs::write(&script, succeed(reel(&["completions", "bash"], &[]))).unwrap();
    let complete = |words: &[&str]| {
        let program = format!(
            "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _reel reel '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.join(" "),
            words.len() - 1,
            words[words.len() - 1].trim_matches('\''),
            words[words.len() - 2]
        );
        let output = Command::new("bash").args(["-c", &program]).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let Some(verbs) = complete(&["reel", "ex"]) else {
        reelwright_judges::skip!("bash is not installed");
        return;
    };
    assert_eq!(verbs, "export");
    assert_eq!(complete(&["reel", "export", "--prog"]).unwrap(), "--progress");
    assert_eq!(complete(&["reel", "export", "--preset", "hevc-h"]).unwrap(), "hevc-highest");
    assert_eq!(complete(&["reel", "remux", "--format", "mo"]).unwrap(), "mov");
}

#[test]
fn every_verb_has_its_page() {
    let folder = Folder::new("man");
    let page = succeed(reel(&["man"], &[]));
    assert!(page.contains(".TH reel 1") && page.contains("reel\\-export(1)"), "{page}");
    let pages = folder.file("man1");
    succeed(reel(&["man"], &[&pages]));
    assert_eq!(std::fs::read_to_string(pages.join("reel.1")).unwrap(), page);
    for verb in ["export", "remux", "inspect", "presets", "encoders", "generate", "completions", "man"] {
        let page = std::fs::read_to_string(pages.join(format!("reel-{verb}.1"))).unwrap();
        assert!(page.contains(&format!(".TH reel-{verb} 1")) && page.contains(".SH SYNOPSIS"), "{page}");
    }
    let export = pages.join("reel-export.1");
    // MAN_KEEP_FORMATTING is not set, so that what is printed is plain.
    let shown = Command::new("man").env("MANWIDTH", "200").arg("--warnings").arg("-l").arg(&export).output();
    let Ok(shown) = shown.map(|shown| (String::from_utf8_lossy(&shown.stdout).into_owned(), shown)) else {
        reelwright_judges::skip!("man is not installed");
        return;
    };
    let (text, output) = shown;
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for words in ["reel export", "--strip-metadata", "--progress <HOW>", "reel export phone.mov films/"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

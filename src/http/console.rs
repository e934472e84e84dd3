//! The page at `/`, compiled in: log in, edit a script, run it, talk to it.
//!
//! Owns: what is on the page, its one stylesheet and one script (`console.css`; `screen.js` and `console.js`), and the policy that lets a browser
//! take nothing else. The page is the same for everybody and knows nobody: whoever uses it logs in with `POST /login`, and the
//! script talks to `/session` with the token that this gives. Not here: what those two answer, and the other pages (`pages`),
//! whose look this one shares.

use std::sync::LazyLock;

use hyper::body::Bytes;
use maud::{Markup, PreEscaped, html};

use super::pages;

const STYLE: &str = concat!(include_str!("pages.css"), include_str!("console.css"));
const SCRIPT: &str = concat!(include_str!("screen.js"), include_str!("console.js"));

/// What a browser may do with the page (Content Security Policy Level 3): show this stylesheet, run this script, and let it talk to
/// where the page came from. Forms go nowhere, so a browser without the script puts no password into an address. The last two
/// make a browser that knows them (Trusted Types) refuse to make markup or code out of any text.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (script, style) = (pages::hash(SCRIPT), pages::hash(STYLE));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src 'none'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    )
});

static PAGE: LazyLock<Bytes> = LazyLock::new(|| pages::document("Run Python", STYLE, &content()).into());

/// The page.
pub(super) fn page() -> Bytes {
    PAGE.clone()
}

/// The value of the `Content-Security-Policy` header that goes with it.
pub(super) fn policy() -> &'static str {
    &POLICY
}

fn content() -> Markup {
    html! {
        noscript {
            p {
                "This page needs JavaScript, its own and nobody else's. Without it there is the client: "
                code { "cloud-python client" } "."
            }
        }
        p #notice role="alert" hidden {}
        (login())
        div #bench hidden { (editor()) (dialogue()) }
        // A module sees the whole page, and nothing of it is seen by the page.
        script type="module" { (PreEscaped(SCRIPT)) }
    }
}

fn login() -> Markup {
    html! {
        form #login method="post" hidden {
            p.soft {
                "Scripts run on this server, in a sandbox of their own without a network. If you have no account yet: "
                code { "cloud-python client register" } "."
            }
            (field("email", "E-mail address", &html! {
                input #email type="email" autocomplete="username" required;
            }))
            (field("password", "Password", &html! {
                input #password type="password" autocomplete="current-password" required;
            }))
            (field("code", "Code from your app", &html! {
                input #code inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" title="six digits" maxlength="6" required;
            }))
            button #enter { "Log in" }
        }
    }
}

fn editor() -> Markup {
    html! {
        section aria-labelledby="script-title" {
            h2 #script-title { "Script" }
            p.row { span #who {} button #logout.quiet type="button" { "Log out and clear" } }
            textarea #script aria-labelledby="script-title" aria-describedby="keys" spellcheck="false" autocapitalize="off"
                autocomplete="off" wrap="off" rows="16" {}
            p.row {
                button #run type="button" { "Run" }
                button #interactive.quiet type="button" { "Interactive Python" }
            }
            p #keys.soft {
                "Ctrl+Enter runs the script. Tab inserts four spaces; to leave the editor, press Escape, then Tab."
            }
            details #more {
                summary { "Arguments and files" }
                (field("args", "Arguments", &html! {
                    input #args aria-describedby="args-hint" spellcheck="false" autocapitalize="off" autocomplete="off";
                    span #args-hint.soft { "Separated by spaces; quotes keep together what has some." }
                }))
                (field("choose", "Files for the script", &html! {
                    input #choose type="file" multiple aria-describedby="choose-hint";
                    span #choose-hint.soft { "Or drop them anywhere on the page. They are sent with each run." }
                    ul #files {}
                }))
                (field("outputs", "Return these files", &html! {
                    input #outputs aria-describedby="outputs-hint" spellcheck="false" autocapitalize="off" autocomplete="off";
                    span #outputs-hint.soft { "Names of files or folders that the script makes, written like the arguments." }
                }))
            }
        }
    }
}

fn dialogue() -> Markup {
    html! {
        section aria-labelledby="output-title" {
            h2 #output-title { "Output" }
            p.row {
                span { span #status role="status" { "Not running." } " " span #seconds {} }
                button #stop.quiet type="button" disabled { "Stop" }
            }
            p #dropped.soft hidden { "Older output was dropped: no more than the last part of it is kept here." }
            div #output role="log" aria-labelledby="output-title" tabindex="0" {}
            form #say method="post" {
                (field("line", "Input for the script", &html! {
                    input #line disabled aria-describedby="line-hint" spellcheck="false" autocapitalize="off" autocomplete="off";
                    span #line-hint.soft { "Enter sends the line, the arrow keys bring earlier ones back, Ctrl+D ends the input." }
                }))
                p.row {
                    button #send disabled { "Send" }
                    button #end.quiet type="button" disabled { "End of input" }
                }
            }
            div #returned hidden { h3 { "Returned files" } ul #links {} }
        }
    }
}

fn field(id: &str, label: &str, input: &Markup) -> Markup {
    html! { div.field { label for=(id) { (label) } (input) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::limits;
    use crate::domain::Error;

    fn shown() -> String {
        String::from_utf8(page().to_vec()).unwrap()
    }

    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        text.split_once(start).unwrap().1.split_once(end).unwrap().0
    }

    /// The page without its stylesheet and script: the tags and texts that maud wrote.
    fn markup() -> String {
        shown().replace(STYLE, "").replace(SCRIPT, "")
    }

    #[test]
    fn the_policy_lets_in_what_is_on_the_page_and_nothing_else() {
        let page = shown();
        let style = pages::hash(between(&page, "<style>", "</style>"));
        let script = pages::hash(between(&page, "<script type=\"module\">", "</script>"));
        assert_eq!(
            policy(),
            format!(
                "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src 'none'; \
                 form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                 trusted-types 'none'"
            )
        );
        assert_eq!([page.matches("<script").count(), page.matches("<style").count()], [1, 1]);
    }

    #[test]
    fn nothing_is_loaded_and_nothing_is_in_the_tags_that_runs() {
        let markup = markup();
        let tags: String = markup.split('<').map(|tag| tag.split('>').next().unwrap_or("")).collect();
        for word in
            [" on", " src=", " href=", " style=", " action=", "javascript:", "data:", "http:", "https:", "<link"]
        {
            assert!(!tags.contains(word), "{word} in {tags}");
        }
        for word in ["url(", "@import"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }

    #[test]
    fn the_script_knows_what_the_server_takes() {
        let most = limits::EXECUTE_BODY_BYTES >> 20;
        assert!(SCRIPT.contains(&format!("const MESSAGE_BYTES = {most} * MIB;")));
        assert!(SCRIPT.contains(&format!("const NOT_ALLOWED = \"{}\";", Error::Unauthorized)));
    }

    #[test]
    fn the_script_makes_no_markup_and_keeps_nothing() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "DOMParser",
            "srcdoc",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            ".cookie",
            "import(",
            "http:",
            "https:",
            "</",
            "<!--",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }

    #[test]
    fn every_element_that_the_script_asks_for_is_there_once_and_has_a_label() {
        let markup = markup();
        let ids: Vec<&str> = markup.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
        }
        let asked = include_str!("console.js");
        for asked in between(asked, "const {", "} = ").split(',').map(str::trim).filter(|name| !name.is_empty()) {
            assert!(ids.contains(&asked), "{asked}");
        }
        for tag in markup.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("textarea")) {
            let id = between(tag, " id=\"", "\"");
            let labelled = markup.contains(&format!("<label for=\"{id}\">")) || tag.contains(" aria-labelledby=");
            assert!(labelled, "{tag}");
        }
    }
}

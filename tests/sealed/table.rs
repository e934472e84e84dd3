//! Every path of the sealed channel for everybody who may come, and of each listener at the other: each serves its own and nothing else.

use cloud_python::http::ROUTES;

use super::{bare, config, town};
use crate::world::{Caller, Town, hello};

#[tokio::test]
async fn every_path_has_its_answer_for_every_caller() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let (bob, _) = Caller::new(&town, "bob").await;
    let (eve, _) = Caller::new(&town, "eve").await;
    assert_eq!(town.admin("POST", "/keys/eve/remove").await.status, 200);
    let stranger = Caller::stranger(&town);
    let made_up = Caller { cookie: format!("SESSION_ID={}", "A".repeat(43)), ..ada.clone() };
    // Whoever has seen the cookie, and has a session of their own.
    let thief = Caller { cookie: ada.cookie.clone(), ..bob.clone() };
    for (path, inside) in [
        ("/get/{none}", 404),
        ("/get/{..}", 400),
        ("/get/{/etc/passwd}", 400),
        ("/get/{}", 400),
        ("/get/{./folder//none}", 404),
        ("/get/{./..}", 400),
        ("/get/{//etc/passwd}", 400),
        ("/get/nonsense", 403),
        ("/get/", 403),
        ("/put/{../x}", 400),
        ("/put/nonsense", 403),
        ("/cmd/nonsense", 403),
        ("/icm/nonsense", 403),
        ("/idt", 400),
        ("/edt", 400),
        ("/", 404),
        ("/stop", 404),
        ("/get", 404),
        ("/get/a/b", 404),
    ] {
        let for_caller = |caller: &Caller| match path.split_once('{') {
            Some((verb, name)) => format!("{verb}{}", caller.token(name.trim_end_matches('}').as_bytes())),
            None => path.to_owned(),
        };
        for method in ["GET", "POST"] {
            for caller in [&stranger, &made_up] {
                let answer = caller.send(method, &for_caller(caller), &[], b"").await;
                assert_eq!(bare(&answer), (403, &b""[..]), "{method} {path}");
            }
            let answer = ada.send(method, &for_caller(&ada), &[], b"").await;
            assert_eq!(answer.status, inside, "{method} {path}");
            if path.contains('{') {
                let answer = thief.send(method, &for_caller(&thief), &[], b"").await;
                assert_eq!(bare(&answer), (403, &b""[..]), "{method} {path}");
            }
        }
    }
    assert_eq!(bare(&eve.ask("get", b"none", b"").await), (403, &b""[..]), "a removed user's session has ended");
    assert_eq!(eve.tell("/idt", b"").await.status, 403);
    for method in ["DELETE", "OPTIONS", "PATCH"] {
        assert_eq!(ada.send(method, "/idt", &[], b"").await.status, 405);
        assert_eq!(stranger.send(method, "/info", &[], b"").await.status, 405);
        assert_eq!(stranger.send(method, "/idt", &[], b"").await.status, 403);
    }
    let named = format!("cloud-python {}", env!("CARGO_PKG_VERSION"));
    for method in ["GET", "POST"] {
        for caller in [&stranger, &made_up] {
            assert_eq!(bare(&caller.send(method, "/info", &[], b"").await), (200, named.as_bytes()));
            assert_eq!(bare(&caller.send(method, "/auth", &[], b"").await), (200, &b"Disconnected"[..]));
        }
        // In a session it is said whose that is, in a way that only whoever has the key reads.
        for (caller, user) in [(&ada, "ada"), (&bob, "bob")] {
            let info = caller.send(method, "/info", &[], b"").await;
            assert_eq!((info.status, caller.said(&info)), (200, format!("{named}\r\nuser: {user}").into_bytes()));
        }
    }
    // Whoever has seen a cookie can end its session, and the manual says so.
    assert_eq!(bare(&thief.send("POST", "/auth", &[], b"").await), (200, &b"Disconnected"[..]));
    assert_eq!(ada.ask("get", b"none", b"").await.status, 403);
    assert_eq!(bob.ask("get", b"none", b"").await.status, 404);
    town.close().await;
}

/// What the API offers is nowhere on the sealed listener, and what that offers is nowhere on the API's.
#[tokio::test]
async fn neither_listener_serves_what_is_the_others() {
    let town = Town::with(config()).await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let stranger = Caller::stranger(&town);
    for route in ROUTES {
        let path = route.path.replace("{token}", "AAAA");
        let answer = stranger.send(route.method, &path, &[], b"{}").await;
        assert_eq!(bare(&answer), (403, &b""[..]), "{} {path}", route.method);
        assert_eq!(ada.send(route.method, &path, &[], b"").await.status, 404, "{} {path}", route.method);
    }
    let (key, share) = (cloud_python::keys::PrivateKey::make().unwrap(), [7; 56]);
    let token = ada.token(b"file");
    for path in ["/info", "/auth", "/idt", "/edt"]
        .map(str::to_owned)
        .into_iter()
        .chain(["get", "put", "cmd", "icm"].map(|verb| format!("/{verb}/{token}")))
    {
        for (method, body) in [("GET", String::new()), ("POST", hello("ada", &share, &key))] {
            let fields = [("cookie", ada.cookie.as_str()), ("content-type", "application/json")];
            let answer = town.ask(method, &path, &fields, body.as_bytes()).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        }
    }
    // And they have not used the token up, nor ended the session.
    assert_eq!(ada.send("GET", &format!("/get/{token}"), &[], b"").await.status, 404);
    town.close().await;
}

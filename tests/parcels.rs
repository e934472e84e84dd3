//! Parcels over the real server: every call of the contract, in both dialects, and what each refusal is.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Answer, Connection, ParcelKey, Session, Town, Whole, config, hex, sha256};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=x1");
const OCTETS: (&str, &str) = ("accept", "application/octet-stream");

fn path(id: &str) -> String {
    format!("/api/v1/parcels/{id}")
}

async fn download(key: &ParcelKey, connection: &mut Connection, id: &str) -> Answer {
    key.call(connection, &json!({"name": "download", "id": id}), "GET", &path(id), &[], b"").await
}

async fn download_bytes(key: &ParcelKey, connection: &mut Connection, id: &str, fields: &[(&str, &str)]) -> Answer {
    let fields: Vec<_> = [&[OCTETS], fields].concat();
    key.call(connection, &json!("download"), "GET", &path(id), &fields, b"").await
}

/// The refusal's status, which says why.
fn refused(answer: &Answer) -> u16 {
    let json = answer.json();
    let fields = json.as_object().unwrap();
    assert!(fields.len() == 1 && fields["error"].as_str().unwrap().len() > 8, "{}", answer.text());
    assert!(answer.header("www-authenticate").is_none(), "a browser would ask for a password");
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_goes_up_and_comes_down_in_both_dialects() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let data = b"a,b\r\n1,2\r\n\0\xff";
    let (metadata, owner) = (format!(r#"{{"name":"data","owner":"{0}"}}"#, ada.user), ada.user.clone());
    let expected = sha256(&[ada.user.as_bytes(), metadata.as_bytes(), data].concat()).to_uppercase();
    let expected = format!("00000001{expected}");

    // The newer clients: hex, JSON, the operation as an object.
    let operation = json!({"name": "upload", "hash": sha256(data)});
    let body = ada.parcel(data).to_string();
    let answer = ada.call(&mut connection, &operation, "POST", "/api/v1/parcels", &[JSON], body.as_bytes()).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"id": expected})), "{}", answer.text());

    // Source 5: base64url, a form, the operation as a string. The same content is the same parcel, whatever comes first.
    for order in [["owner", "metadata", "file"], ["file", "metadata", "owner"], ["metadata", "file", "owner"]] {
        let token = ada.token(&mut connection, &json!("upload")).await;
        let shown = ada.shown_in_base64(&token);
        let mut fields: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(FORM);
        let answer = connection.send("POST", "/api/v1/parcels", &fields, &ada.form(&order, data)).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"id": expected})), "{}", answer.text());
    }

    let answer = download(&ada, &mut connection, &expected).await;
    let whole =
        json!({"id": expected, "owner": owner, "metadata": {"name": "data", "owner": owner}, "data": hex(data)});
    assert_eq!((answer.status, answer.json()), (200, whole));
    let answer = download_bytes(&ada, &mut connection, &expected.to_lowercase(), &[]).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &data[..]));
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("content-length"), Some("12"));

    for (key, value) in [("metadata", json!({"name": "data", "owner": owner})), ("owner", json!(owner))] {
        let answer = town.ask("GET", &format!("{}?key={key}", path(&expected)), &[], b"").await;
        assert_eq!((answer.status, answer.json()), (200, json!({key: value})));
    }

    let answer = ada.call(&mut connection, &json!("remove"), "DELETE", &path(&expected), &[], b"").await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(refused(&download(&ada, &mut connection, &expected).await), 404);
    let again = ada.call(&mut connection, &json!("remove"), "DELETE", &path(&expected), &[], b"").await;
    assert_eq!(refused(&again), 410);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_parcel_is_a_parcel() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let id = ada.upload(&mut connection, b"").await;
    assert_eq!(download(&ada, &mut connection, &id).await.json()["data"], json!(""));
    let answer = download_bytes(&ada, &mut connection, &id, &[]).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let body = ada.form(&["owner", "metadata", "file"], b"");
    let answer = ada.call(&mut connection, &json!("upload"), "POST", "/api/v1/parcels", &[FORM], &body).await;
    assert_eq!(answer.json(), json!({"id": id}));
    let answer = download_bytes(&ada, &mut connection, &id, &[("range", "bytes=0-")]).await;
    assert_eq!(refused(&answer), 416);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_once_and_of_a_hundred_who_race_one_wins() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let id = ada.upload(&mut connection, b"prize").await;
    for (operation, method, target, body) in [
        (json!("upload"), "POST", "/api/v1/parcels".to_owned(), ada.parcel(b"other").to_string()),
        (json!("download"), "GET", path(&id), String::new()),
        (json!("grant"), "DELETE", format!("{}/grants/{}", path(&id), ada.user), String::new()),
        (json!("remove"), "DELETE", path(&id), String::new()),
    ] {
        let token = ada.token(&mut connection, &operation).await;
        let shown = ada.shown(&token);
        let mut connections = vec![];
        // As many at once as one network may have.
        for _ in 0..20 {
            connections.push(town.connection().await);
        }
        let mut asking = tokio::task::JoinSet::new();
        for mut connection in connections {
            let (shown, target, body) = (shown.clone(), target.clone(), body.clone());
            asking.spawn(async move {
                let mut statuses = vec![];
                for _ in 0..5 {
                    let mut fields: Vec<(&str, &str)> =
                        shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    fields.push(JSON);
                    let answer = connection.send(method, &target, &fields, body.as_bytes()).await;
                    statuses.push(answer.status);
                }
                statuses
            });
        }
        let statuses: Vec<u16> = asking.join_all().await.concat();
        let won = statuses.iter().filter(|status| matches!(status, 200 | 204)).count();
        assert_eq!(won, 1, "{operation}: {statuses:?}");
        // Beyond what one network may do at once it is told to slow down; a parcel that is gone is gone.
        let fine = |status: &u16| matches!(status, 200 | 204 | 401 | 404 | 410 | 429);
        assert!(statuses.iter().all(fine), "{operation}: {statuses:?}");
        assert!(statuses.iter().filter(|status| **status == 401).count() > 50, "{operation}: {statuses:?}");
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_one_operation_one_parcel_one_user_and_five_minutes() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let (one, other) = (ada.upload(&mut connection, b"one").await, ada.upload(&mut connection, b"other").await);

    for operation in [json!("upload"), json!("remove"), json!("inspect"), json!({"name": "download", "id": other})] {
        let answer = ada.call(&mut connection, &operation, "GET", &path(&one), &[], b"").await;
        assert_eq!(refused(&answer), 401, "{operation}");
    }
    let token = ada.token(&mut connection, &json!("download")).await;
    assert_eq!(refused(&eve.call_with(&mut connection, &token, "GET", &path(&one), &[], b"").await), 401);
    town.clock.advance(Duration::from_secs(299));
    let late = ada.token(&mut connection, &json!("download")).await;
    assert_eq!(ada.call_with(&mut connection, &token, "GET", &path(&one), &[], b"").await.status, 200);
    town.clock.advance(Duration::from_secs(300));
    assert_eq!(refused(&ada.call_with(&mut connection, &late, "GET", &path(&one), &[], b"").await), 401);

    // Whatever is missing, or is not what it should be, is the same refusal.
    let token = ada.token(&mut connection, &json!("download")).await;
    let good = ada.shown(&token);
    for missing in 0..3 {
        let fields = good.iter().enumerate().filter(|(at, _)| *at != missing);
        let fields: Vec<(&str, &str)> = fields.map(|(_, (name, value))| (*name, value.as_str())).collect();
        assert_eq!(refused(&connection.send("GET", &path(&one), &fields, b"").await), 401);
    }
    let unsigned = format!("{}.{}.", "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0", token.split('.').nth(1).unwrap());
    for wrong in [unsigned.as_str(), "x", &format!("{token}x")] {
        assert_eq!(refused(&ada.call_with(&mut connection, wrong, "GET", &path(&one), &[], b"").await), 401);
    }
    // None of that has used it up.
    assert_eq!(ada.call_with(&mut connection, &token, "GET", &path(&one), &[], b"").await.status, 200);
    assert_eq!(refused(&ada.call_with(&mut connection, &token, "GET", &path(&one), &[], b"").await), 401);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_come_in_when_the_owner_lets_them_and_as_long_as_they_do() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let id = ada.upload(&mut connection, b"secret").await;
    assert_eq!(refused(&download(&eve, &mut connection, &id).await), 403);
    assert_eq!(refused(&eve.call(&mut connection, &json!("remove"), "DELETE", &path(&id), &[], b"").await), 405);
    let grants = format!("{}/grants", path(&id));
    let body = json!({"user": eve.user.to_lowercase()}).to_string();
    let grant = json!({"name": "grant", "id": id});
    let answer = eve.call(&mut connection, &grant, "POST", &grants, &[JSON], body.as_bytes()).await;
    assert_eq!(refused(&answer), 403);
    let answer = ada.call(&mut connection, &grant, "POST", &grants, &[JSON], body.as_bytes()).await;
    assert_eq!(answer.json(), json!({"id": id, "user": eve.user.to_lowercase()}));
    assert_eq!(download(&eve, &mut connection, &id).await.status, 200);
    assert_eq!(refused(&eve.call(&mut connection, &json!("remove"), "DELETE", &path(&id), &[], b"").await), 405);
    let mine = format!("{grants}/{}", eve.user);
    assert_eq!(ada.call(&mut connection, &grant, "DELETE", &mine, &[], b"").await.status, 204);
    assert_eq!(refused(&download(&eve, &mut connection, &id).await), 403);
    let nowhere = format!("{}/grants", path(&"00".repeat(36)));
    let answer = ada.call(&mut connection, &json!("grant"), "POST", &nowhere, &[JSON], body.as_bytes()).await;
    assert_eq!(refused(&answer), 404);
    assert_eq!(download(&ada, &mut connection, &id).await.json()["data"], json!(hex(b"secret")));
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_upload_is_said_and_costs_no_token() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let token = ada.token(&mut connection, &json!({"name": "upload", "hash": sha256(b"data")})).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = ada.parcel(b"data");
        change(&mut body);
        body.to_string().into_bytes()
    };
    let form = |order: &[&str]| ada.form(order, b"data");
    let all = ["owner", "metadata", "file"];
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
    for (field, body, status, said) in [
        (JSON, with(&|body| body["data"] = json!(hex(b"tada"))), 400, "hash"),
        (JSON, with(&|body| body["data"] = json!("0")), 400, "`data`"),
        (JSON, with(&|body| body["owner"] = json!(eve.user)), 403, "`owner`"),
        (JSON, with(&|body| body["metadata"]["owner"] = json!(eve.user)), 400, "`metadata`"),
        (JSON, with(&|body| body["metadata"] = json!({})), 400, "`metadata`"),
        (JSON, with(&|body| body["metadata"] = json!([])), 400, "`metadata`"),
        (JSON, with(&|body| body["metadata"]["x"] = json!("x".repeat(4_100))), 400, "4096"),
        (JSON, with(&|body| body["more"] = json!(1)), 400, "more"),
        (JSON, b"[]".to_vec(), 400, "object"),
        (FORM, form(&["owner", "metadata"]), 400, "`file`"),
        (FORM, form(&["owner", "file"]), 400, "`metadata`"),
        (FORM, form(&["metadata", "file"]), 400, "`owner`"),
        (FORM, form(&["owner", "owner", "metadata", "file"]), 400, "`owner`"),
        (FORM, form(&["owner", "metadata", "file", "file"]), 400, "`file`"),
        (FORM, form(&["owner", "metadata", "file", "more"]), 400, "unknown"),
        (FORM, ada.form(&all, b"tada"), 400, "hash"),
        (FORM, form(&all)[..200].to_vec(), 400, "multipart"),
        (
            FORM,
            text(form(&all)).replace(&format!("\r\n{}\r\n", ada.user), &format!("\r\n{}\r\n", eve.user)).into(),
            403,
            "`owner`",
        ),
        (FORM, text(form(&all)).replace("{\"", "{{\"").into(), 400, "`metadata`"),
        (("content-type", "text/plain"), with(&|_| {}), 415, "multipart/form-data"),
        (("content-type", "multipart/form-data"), form(&all), 415, "boundary"),
    ] {
        let answer = ada.call_with(&mut connection, &token, "POST", "/api/v1/parcels", &[field], &body).await;
        assert_eq!(refused(&answer), status, "{said}: {}", answer.text());
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
        connection = town.connection().await;
    }
    let answer = ada.call_with(&mut connection, &token, "POST", "/api/v1/parcels", &[FORM], &form(&all)).await;
    assert_eq!(answer.status, 200, "the token was never used up: {}", answer.text());
    for wrong in ["?key=data", "?key=", "?x=y", "?key=metadata&key=owner"] {
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(refused(&connection.send("GET", &format!("{}{wrong}", path(&id)), &[], b"").await), 400);
    }
    for absent in ["x", &"0".repeat(72), &"0".repeat(71)] {
        let answer = connection.send("GET", &format!("{}?key=metadata", path(absent)), &[], b"").await;
        assert_eq!(refused(&answer), 404, "{absent}");
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_parcel_can_be_had() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let data: Vec<u8> = (0..=250).cycle().take(2_000_000).collect();
    let id = ada.upload(&mut connection, &data).await;
    let tag = format!("\"{id}\"");
    for (fields, status, range) in [
        (vec![("range", "bytes=5-9")], 206, 5..10),
        (vec![("range", "bytes=1999990-")], 206, 1_999_990..2_000_000),
        (vec![("range", "bytes=-600001")], 206, 1_399_999..2_000_000),
        (vec![("range", "bytes=600000-700000"), ("if-range", tag.as_str())], 206, 600_000..700_001),
        (vec![("range", "bytes=5-9"), ("if-range", "\"other\"")], 200, 0..2_000_000),
        (vec![("range", "bytes=5-9,20-30")], 200, 0..2_000_000),
        (vec![], 200, 0..2_000_000),
    ] {
        let answer = download_bytes(&ada, &mut connection, &id, &fields).await;
        assert_eq!((answer.status, answer.body.len()), (status, range.len()), "{fields:?}");
        assert!(answer.body == data[range.clone()], "{fields:?}");
        let said = format!("bytes {}-{}/2000000", range.start, range.end - 1);
        assert_eq!(answer.header("content-range"), (status == 206).then_some(said.as_str()));
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    let token = ada.token(&mut connection, &json!("download")).await;
    let fields = [OCTETS, ("range", "bytes=2000000-")];
    let answer = ada.call_with(&mut connection, &token, "GET", &path(&id), &fields, b"").await;
    assert_eq!((refused(&answer), answer.header("content-range")), (416, Some("bytes */2000000")));
    let answer = ada.call_with(&mut connection, &token, "GET", &path(&id), &[], b"").await;
    assert_eq!(answer.json()["data"], json!(hex(&data)), "and the token was still good");
    town.close().await;
}

/// In a bucket it goes up in parts, and is written down before its first one.
#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_of_many_parts_is_one_parcel() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let data: Vec<u8> = (0..=250).cycle().take(20_000_000).collect();
    for order in [["owner", "metadata", "file"], ["file", "owner", "metadata"]] {
        let body = ada.form(&order, &data);
        let answer = ada.call(&mut connection, &json!("upload"), "POST", "/api/v1/parcels", &[FORM], &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let answer = download_bytes(&ada, &mut connection, &id, &[("range", "bytes=8388600-8388700")]).await;
        assert!(answer.status == 206 && answer.body == data[8_388_600..=8_388_700]);
        let answer = download_bytes(&ada, &mut connection, &id, &[]).await;
        assert!(answer.status == 200 && answer.body == data);
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_so_much_room_and_no_more() {
    let mut config = config();
    config.parcels.bytes = 2000;
    config.parcels.user_bytes = 3000;
    config.parcels.all_bytes = 4000;
    let town = Town::with(config).await;
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let all = ["owner", "metadata", "file"];
    let size = |key: &ParcelKey, size: usize| key.form(&all, &vec![7; size]);
    let first = ada.upload(&mut connection, &[7; 2000]).await;
    for (key, bytes, status) in
        [(&ada, 2001, 413), (&ada, 1001, 413), (&ada, 1000, 200), (&ada, 1, 413), (&eve, 1001, 413), (&eve, 1000, 200)]
    {
        let (upload, body) = (json!("upload"), size(key, bytes));
        let answer = key.call(&mut connection, &upload, "POST", "/api/v1/parcels", &[FORM], &body).await;
        assert_eq!(answer.status, status, "{bytes}: {}", answer.text());
        connection = town.connection().await;
    }
    let body = size(&eve, 1);
    let answer = eve.call(&mut connection, &json!("upload"), "POST", "/api/v1/parcels", &[FORM], &body).await;
    assert_eq!((refused(&answer), answer.header("retry-after")), (503, Some("60")));
    // What is removed gives its room back.
    connection = town.connection().await;
    assert_eq!(ada.call(&mut connection, &json!("remove"), "DELETE", &path(&first), &[], b"").await.status, 204);
    let answer = eve.call(&mut connection, &json!("upload"), "POST", "/api/v1/parcels", &[FORM], &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    town.close().await;
}

/// Downloads had no rate, and each is a commit: whoever fetched what is not there, again and again, made everybody else wait.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_uses_a_token_up_has_a_rate_and_beyond_it_the_token_stays_good() {
    let mut config = config();
    config.parcels.uses_per_minute = 3.try_into().unwrap();
    let town = Town::with(config).await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let id = ada.upload(&mut connection, b"data").await;
    let absent = "0".repeat(72);
    assert_eq!(refused(&download(&ada, &mut connection, &absent).await), 404);
    assert_eq!(download(&ada, &mut connection, &id).await.status, 200);
    let token = ada.token(&mut connection, &json!("download")).await;
    let answer = ada.call_with(&mut connection, &token, "GET", &path(&id), &[], b"").await;
    assert_eq!((refused(&answer), answer.header("retry-after").is_some()), (429, true));
    town.clock.advance(Duration::from_secs(60));
    let answer = ada.call_with(&mut connection, &token, "GET", &path(&id), &[], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_members_upload_a_key_is_registered_first() {
    let mut config = config();
    config.parcels.registered_only = true;
    let town = Town::with(config).await;
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let body = ada.parcel(b"data").to_string();
    let upload = || json!("upload");
    let answer = ada.call(&mut connection, &upload(), "POST", "/api/v1/parcels", &[JSON], body.as_bytes()).await;
    assert_eq!(refused(&answer), 403);
    let person = town.approved("ada@example.org").await;
    let token = person.token.as_deref().unwrap();
    let words = "cloud-python parcel key of ada@example.org";
    let register = |key: &ParcelKey, words: &str| json!({"public_key": hex(&key.compressed()), "signature": hex(&key.sign(words))});
    for wrong in [
        register(&ada, "cloud-python parcel key of eve@example.org"),
        json!({"public_key": hex(&eve.point()), "signature": hex(&ada.sign(words))}),
        json!({"public_key": "02", "signature": hex(&ada.sign(words))}),
    ] {
        assert_eq!(town.post_as(token, "/parcel-key", &wrong).await.status, 400);
    }
    let answer = town.post_as(token, "/parcel-key", &register(&ada, words)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"error": "ok", "user": ada.user})));
    assert!(town.admin("GET", "/audit?from=1").await.text().contains("ParcelKeyRegistered"));
    connection = town.connection().await;
    let id = ada.upload(&mut connection, b"data").await;
    assert_eq!(town.admin("POST", "/users/ada@example.org/suspend").await.status, 200);
    let body = ada.parcel(b"more").to_string();
    let answer = ada.call(&mut connection, &upload(), "POST", "/api/v1/parcels", &[JSON], body.as_bytes()).await;
    assert_eq!(refused(&answer), 403, "suspended");
    assert_eq!(download(&ada, &mut connection, &id).await.status, 200, "what is there is theirs");
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_given_parcels_that_its_account_may_have() {
    let town = Town::new().await;
    let person = town.approved("ada@example.org").await;
    let token = person.token.as_deref().unwrap();
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let (own, others) = (ada.upload(&mut connection, b"1,2").await, eve.upload(&mut connection, b"3,4").await);
    let run = |id: &str| {
        let files = json!({"data.csv": {"parcel": id}, "b": "eA=="});
        json!({"data": "print(open('data.csv').read(), open('b').read())", "files": files})
    };
    let answer = town.post_as(token, "/execute", &run(&own)).await;
    assert_eq!(answer.status, 403, "no key is registered: {}", answer.text());
    let signature = hex(&ada.sign("cloud-python parcel key of ada@example.org"));
    let key = json!({"public_key": hex(&ada.point()), "signature": signature});
    assert_eq!(town.post_as(token, "/parcel-key", &key).await.status, 200);
    let answer = town.post_as(token, "/execute", &run(&own)).await;
    assert_eq!((answer.status, &answer.json()["stdout"]), (200, &json!("MSwyIHgK")), "{}", answer.text());
    assert_eq!(town.post_as(token, "/execute", &run(&others)).await.status, 403);
    assert_eq!(town.post_as(token, "/execute", &run(&"0".repeat(72))).await.status, 404);
    let body = json!({"user": ada.user}).to_string();
    let grants = format!("{}/grants", path(&others));
    let answer = eve.call(&mut connection, &json!("grant"), "POST", &grants, &[JSON], body.as_bytes()).await;
    assert_eq!(answer.status, 200);
    let answer = town.post_as(token, "/execute", &run(&others)).await;
    assert_eq!(answer.json()["stdout"], json!("Myw0IHgK"), "{}", answer.text());
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_session_is_given_parcels_as_a_run_is() {
    let town = Town::new().await;
    let person = town.approved("ada@example.org").await;
    let token = person.token.as_deref().unwrap();
    let mut connection = town.connection().await;
    let (ada, eve) = (ParcelKey::new(), ParcelKey::new());
    let (own, others) = (ada.upload(&mut connection, b"1,2").await, eve.upload(&mut connection, b"3,4").await);
    let first = |id: &str| {
        let files = json!({"data.csv": {"parcel": id}, "b": "eA=="});
        json!({"data": "print(open('data.csv').read(), open('b').read(), input())", "files": files})
    };
    let refused = |whole: Whole| (whole.code, whole.control["error"].as_str().unwrap().to_owned());
    let (code, said) = refused(Session::run(&town, token, &first(&own)).await);
    assert!(code == 1008 && said.contains("POST /parcel-key"), "{code} {said}");
    let signature = hex(&ada.sign("cloud-python parcel key of ada@example.org"));
    let key = json!({"public_key": hex(&ada.point()), "signature": signature});
    assert_eq!(town.post_as(token, "/parcel-key", &key).await.status, 200);
    let mut session = Session::of(&town, token, &first(&own)).await;
    session.input("there\n").await;
    let whole = session.rest().await;
    assert_eq!((whole.stdout().as_str(), whole.code), ("1,2 x there\n", 1000), "{}", whole.stderr());
    let (code, said) = refused(Session::run(&town, token, &first(&others)).await);
    assert!(code == 1008 && said.contains("neither owns this parcel nor was let in"), "{code} {said}");
    let (code, said) = refused(Session::run(&town, token, &first(&"0".repeat(72))).await);
    assert_eq!((code, said.as_str()), (1008, "no such thing"));
    // Sessions that were refused have left their places.
    let status = town.admin("GET", "/status").await.json();
    assert_eq!(status["sessions"], json!(0), "{status}");
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_parcels_and_name_nobody() {
    let town = Town::new().await;
    let mut connection = town.connection().await;
    let ada = ParcelKey::new();
    let id = ada.upload(&mut connection, b"kept").await;
    let metrics = town.admin("GET", "/metrics").await.text();
    assert!(metrics.contains(r#"answers_total{action="parcel_upload",answer="ok"} 1"#), "{metrics}");
    assert!(metrics.contains("parcel_bytes_in_total 4"), "{metrics}");
    assert!(metrics.contains("parcel_high_signatures_total"), "{metrics}");
    assert!(!metrics.contains(&ada.user) && !metrics.contains(&id));
    town.close().await;
}

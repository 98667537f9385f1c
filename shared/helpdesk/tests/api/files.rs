//! Files: uploaded, taken by comments, shown to whom the comment is shown.

use crate::world::{Got, World};
use serde_json::{Value, json};

const OWNER: &str = "owner@acme.example";
const ADA: &str = "ada@acme.example";
const EVE: &str = "eve@acme.example";

/// Uploads bytes under a media type, as `email`.
async fn sent(world: &World, email: &str, path: &str, kind: &str, bytes: &[u8]) -> Got {
    let mut headers = world.basic(email, world.token("acme"));
    headers.push(("content-type".to_owned(), kind.to_owned()));
    world.raw(headers, "POST", path, bytes.to_vec()).await
}

/// A file, uploaded by `email`: its token and its id.
async fn uploaded(world: &World, email: &str, name: &str) -> (String, u64) {
    let path = format!("/uploads.json?filename={name}");
    let upload = sent(world, email, &path, "text/plain", b"hello").await.is(201)["upload"].clone();
    (text(&upload["token"]), upload["attachment"]["id"].as_u64().unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A ticket of Ada's, with a comment that takes these uploads.
async fn opened(world: &World, uploads: Value, public: bool) -> Value {
    world.get("/groups").await.is(200);
    let ticket = json!({"requester": {"name": "Ada", "email": ADA},
        "comment": {"body": "See there", "uploads": uploads, "public": public}});
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)["audit"]["events"][0].clone()
}

async fn known(world: &World, email: &str) {
    let ticket = json!({"description": "x", "requester": {"name": "x", "email": email}});
    world.post("/tickets", json!({"ticket": ticket})).await.is(201);
}

/// What a file's own address leads to, without any token but its own.
async fn followed(world: &World, address: &Value) -> Got {
    let path = text(address);
    let path = path.strip_prefix("http://desk.example/api/v2").unwrap().to_owned();
    world.raw(Vec::new(), "GET", &path, Vec::new()).await
}

#[tokio::test]
async fn a_file_is_uploaded_and_comes_with_a_comment() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let path = "/uploads.json?filename=crash%20log.txt";
    let got = sent(&world, OWNER, path, "text/plain", b"boom").await;
    let location = got.header("location").unwrap().to_owned();
    let upload = got.is(201)["upload"].clone();
    let file = &upload["attachment"];
    assert_eq!(upload["attachments"], json!([file]));
    assert_eq!(upload["expires_at"], "2026-11-24T09:00:00Z");
    assert_eq!((&file["file_name"], &file["size"]), (&json!("crash log.txt"), &json!(4)));
    assert_eq!(file["content_type"], "text/plain");
    assert_eq!(location, file["url"]);
    assert!(world.around.kept.borrow().is_empty(), "what no comment took goes by itself");

    let event = opened(&world, json!([upload["token"]]), true).await;
    assert_eq!(event["attachments"], json!([file]));
    assert_eq!(world.around.kept.borrow().len(), 1);
    let comments = world.get("/tickets/1/comments").await.is(200);
    assert_eq!(comments["comments"][0]["attachments"], json!([file]));
    let shown = world.get(&format!("/attachments/{}.json", file["id"])).await.is(200);
    assert_eq!(shown["attachment"], *file);
    let found = followed(&world, &file["content_url"]).await;
    assert_eq!(found.status, 302);
    assert!(found.header("location").unwrap().ends_with("?as=crash log.txt"));
    world.pass(10 * 24 * 60 * 60);
    assert_eq!(followed(&world, &file["content_url"]).await.status, 302);
}

#[tokio::test]
async fn a_token_is_taken_once() {
    let world = World::new();
    let (token, _) = {
        known(&world, ADA).await;
        uploaded(&world, OWNER, "a.txt").await
    };
    let change = |text: &str| json!({"ticket": {"comment": {"body": text, "uploads": token}}});
    let (one, other) = futures::future::join(
        world.put("/tickets/1", change("one")),
        world.put("/tickets/1", change("other")),
    )
    .await;
    let mut told = [one.status, other.status];
    told.sort_unstable();
    assert_eq!(told, [200, 422]);
    let refused = world.put("/tickets/1", change("late")).await.is(422);
    assert!(text(&refused["details"]["uploads"][0]["description"]).contains("used already"));
    world.delete(&format!("/uploads/{token}")).await.is(404);
    let comments = world.get("/tickets/1/comments").await.is(200);
    let files = |it: &Value| it["attachments"].as_array().unwrap().len();
    let files: usize = comments["comments"].as_array().unwrap().iter().map(files).sum();
    assert_eq!((files, comments["count"].as_u64()), (1, Some(2)));
}

#[tokio::test]
async fn several_files_have_one_token_and_go_with_it() {
    let world = World::new();
    known(&world, ADA).await;
    let (token, first) = uploaded(&world, OWNER, "a.txt").await;
    let (again, second) = uploaded(&world, OWNER, &format!("b.txt&token={token}")).await;
    assert_eq!(token, again);
    let event = opened(&world, json!([token]), true).await;
    let names: Vec<&Value> =
        event["attachments"].as_array().unwrap().iter().map(|it| &it["file_name"]).collect();
    assert_eq!(names, ["a.txt", "b.txt"]);
    assert_ne!(first, second);

    let (token, id) = uploaded(&world, OWNER, "c.txt").await;
    assert_eq!(world.around.files.borrow().len(), 3);
    world.delete(&format!("/uploads/{token}.json")).await.is(204);
    assert_eq!(world.around.files.borrow().len(), 2);
    world.get(&format!("/attachments/{id}")).await.is(404);
    world.delete(&format!("/uploads/{token}.json")).await.is(404);

    let (token, id) = uploaded(&world, OWNER, "d.txt").await;
    world.pass(3 * 24 * 60 * 60);
    world.get(&format!("/attachments/{id}")).await.is(404);
    let late = json!({"ticket": {"comment": {"body": "x", "uploads": [token]}}});
    world.put("/tickets/1", late).await.is(422);
}

#[tokio::test]
async fn bytes_are_taken_whatever_they_are_called() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let form = "--X1\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\nreal.png\r\n\
        --X1\r\nContent-Disposition: form-data; name=\"uploaded_data\"; filename=\"tmp.png\"\r\n\
        Content-Type: image/png\r\n\r\n\u{1}binary\r\n--\r\n--X1--\r\n";
    for (path, kind, bytes, expected) in [
        ("?filename=a.json", "application/json", "no json", ("a.json", "application/json", 7)),
        ("?filename=a", "multipart/form-data", "no form", ("a", "multipart/form-data", 7)),
        ("?filename=..%2F..%2Fa%0d%0ab", "x", "", ("ab", "application/octet-stream", 0)),
        ("", "multipart/form-data; boundary=X1", form, ("real.png", "image/png", 11)),
        ("?filename=b", "multipart/form-data", form, ("b", "image/png", 11)),
        (
            "?filename=c",
            "multipart/form-data; boundary=X2",
            form,
            ("c", "multipart/form-data; boundary=X2", form.len()),
        ),
    ] {
        let path = format!("/uploads{path}");
        let upload = sent(&world, OWNER, &path, kind, bytes.as_bytes()).await.is(201);
        let file = &upload["upload"]["attachment"];
        let told = (&file["file_name"], &file["content_type"], &file["size"]);
        let (name, kind, size) = expected;
        assert_eq!(told, (&json!(name), &json!(kind), &json!(size)), "{path}");
    }
    sent(&world, OWNER, "/uploads", "text/plain", b"x").await.is(400);
}

#[tokio::test]
async fn what_is_too_large_for_a_request_is_put_elsewhere() {
    let world = World::new();
    known(&world, ADA).await;
    let many = vec![0_u8; 4 * 1024 * 1024 + 1];
    let refused = sent(&world, OWNER, "/uploads?filename=a.bin", "x/y", &many).await.is(413);
    assert!(text(&refused["description"]).contains("/api/v2/uploads/presigned?filename="));
    sent(&world, OWNER, "/uploads?filename=a.bin", "x/y", &many[1..]).await.is(201);

    let path = "/uploads/presigned.json?filename=big.bin&size=9000000&content_type=video/mp4";
    let upload = world.post(path, Value::Null).await.is(201)["upload"].clone();
    assert_eq!(upload["headers"], json!({"content-type": "video/mp4"}));
    let address = text(&upload["upload_url"]);
    let name = address.strip_prefix("https://files.example/").unwrap();
    let (name, size) = name.split_once("?put=").unwrap();
    assert_eq!(size, "9000000");
    assert_eq!(followed(&world, &upload["attachment"]["content_url"]).await.status, 404);
    let change = json!({"ticket": {"comment": {"body": "x", "uploads": [upload["token"]]}}});
    let put = |bytes: usize| {
        let file = ("video/mp4".to_owned(), vec![0; bytes]);
        world.around.files.borrow_mut().insert(name.to_owned(), file);
    };
    for missing in [None, Some(8_999_999)] {
        missing.into_iter().for_each(put);
        let refused = world.put("/tickets/1", change.clone()).await.is(422);
        assert!(text(&refused["details"]["uploads"][0]["description"]).contains("not arrived"));
    }
    put(9_000_000);
    world.put("/tickets/1", change).await.is(200);
    assert!(world.around.kept.borrow().contains(name));
    let address = &upload["attachment"]["content_url"];
    assert_eq!(followed(&world, address).await.status, 302);

    let large = "/uploads/presigned?filename=a&size=52428801";
    world.post(large, Value::Null).await.is(413);
    for wrong in ["filename=a", "size=1", "filename=a&size=x", "filename=a&size=0"] {
        world.post(&format!("/uploads/presigned?{wrong}"), Value::Null).await.is(400);
    }
}

#[tokio::test]
async fn an_upload_is_for_who_made_it_and_a_file_for_who_sees_the_comment() {
    let world = World::new();
    known(&world, ADA).await;
    known(&world, EVE).await;
    let (token, id) = uploaded(&world, ADA, "a.txt").await;
    let file = format!("/attachments/{id}");
    let request = json!({"request": {"comment": {"body": "mine?", "uploads": [token]}}});
    for other in [EVE, OWNER] {
        world.ask(other, "GET", &file, Value::Null).await.is(404);
        world.ask(other, "DELETE", &format!("/uploads/{token}"), Value::Null).await.is(404);
        let path = format!("/uploads?filename=b&token={token}");
        sent(&world, other, &path, "x/y", b"x").await.is(404);
    }
    world.ask(EVE, "PUT", "/requests/2", request.clone()).await.is(422);
    world.ask(ADA, "GET", &file, Value::Null).await.is(200);
    world.ask(ADA, "PUT", "/requests/1", request).await.is(200);
    for (who, status) in [(ADA, 200), (OWNER, 200), (EVE, 404), ("owner@other.example", 404)] {
        world.ask(who, "GET", &file, Value::Null).await.is(status);
    }

    let (token, id) = uploaded(&world, OWNER, "note.txt").await;
    opened(&world, json!([token]), false).await;
    let note = format!("/attachments/{id}");
    world.get(&note).await.is(200);
    world.ask(ADA, "GET", &note, Value::Null).await.is(404);
    let bad = json!({"attachment": {"malware_access_override": true, "size": 9}});
    let changed = world.put(&note, bad.clone()).await.is(200)["attachment"].clone();
    assert_eq!(changed["malware_access_override"], true);
    assert_eq!(changed["size"], 5);
    assert_eq!(world.get(&note).await.is(200)["attachment"], changed);
    world.ask(ADA, "PUT", &file, bad).await.is(403);
    let nobody = world.raw(Vec::new(), "POST", "/uploads?filename=a&tenant=acme", vec![1]).await;
    nobody.is(401);
}

#[tokio::test]
async fn what_is_taken_out_is_gone() {
    let world = World::new();
    let (token, id) = {
        known(&world, ADA).await;
        uploaded(&world, OWNER, "a.txt").await
    };
    let event = opened(&world, json!([token]), true).await;
    let address = event["attachments"][0]["content_url"].clone();
    let path = format!("/tickets/2/comments/{}/attachments/{id}/redact.json", event["id"]);
    world.put(&path, json!({})).await.is(200);
    assert_eq!(followed(&world, &address).await.status, 404);
    assert!(world.around.files.borrow().is_empty());

    let (token, _) = uploaded(&world, OWNER, "b.txt").await;
    opened(&world, json!([token]), true).await;
    world.delete("/tickets/3").await.is(204);
    world.done(world.delete("/deleted_tickets/3").await).await;
    assert!(world.around.files.borrow().is_empty());
    let left = world.store.dump().into_iter().filter(|(_, key, body)| {
        key.partition.starts_with("UPLOAD")
            || key.partition.starts_with("ATTACHMENT") && body.contains("[3,")
    });
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn no_file_route_waits_for_more_than_three_calls() {
    let world = World::new();
    known(&world, ADA).await;
    let (free, _) = uploaded(&world, OWNER, "a.txt").await;
    let (taken, id) = uploaded(&world, OWNER, "b.txt").await;
    let event = opened(&world, json!([taken]), true).await;
    let address = text(&event["attachments"][0]["content_url"]);
    let address = address.strip_prefix("http://desk.example/api/v2").unwrap();
    let comment = json!({"ticket": {"comment": {"body": "x", "uploads": [free]}}});
    let (other, _) = uploaded(&world, OWNER, "c.txt").await;
    for (method, path, body) in [
        ("POST", "/uploads?filename=a".to_owned(), Value::Null),
        ("POST", format!("/uploads?filename=a&token={free}"), Value::Null),
        ("POST", "/uploads/presigned?filename=a&size=5".to_owned(), Value::Null),
        ("DELETE", format!("/uploads/{other}"), Value::Null),
        ("PUT", "/tickets/1".to_owned(), comment),
        ("GET", format!("/attachments/{id}"), Value::Null),
        ("PUT", format!("/attachments/{id}"), json!({"attachment": {}})),
        ("GET", address.to_owned(), Value::Null),
    ] {
        let _before = world.store.calls();
        let got = world.ask(OWNER, method, &path, body).await;
        assert!(got.status < 400, "{method} {path}: {}", got.body);
        let calls = world.store.calls();
        assert!(calls.rounds <= 3, "{method} {path}: {calls:?}");
    }
}

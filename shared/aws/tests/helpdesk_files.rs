//! Files of the helpdesk in the local S3.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod local;

use ceap_aws::file_bucket::FileBucket;
use ceap_helpdesk::file::{Files, Stored};
use ceap_kernel::Fault;
use ceap_testkit::builders::fresh_tenant;

/// A bucket of its own, and what presigned addresses let their holders do.
#[test]
fn helpdesk_files() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let client = aws_sdk_s3::Client::new(&config);
        let name = local::unique("files");
        client.create_bucket().bucket(&name).send().await.unwrap();
        let bucket = FileBucket::new(&config, &name);
        let browser = reqwest::Client::new();
        let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
        assert_eq!(bucket.look(&mine, "a/b").await, Ok(None));
        bucket.delete(&mine, "a/b").await.unwrap();
        bucket.put(&mine, "a/b", "text/plain", b"hello".to_vec()).await.unwrap();
        let stored = |size, kind: &str| Some(Stored { size, content_type: kind.to_owned() });
        assert_eq!(bucket.look(&mine, "a/b").await, Ok(stored(5, "text/plain")));
        assert_eq!(bucket.look(&yours, "a/b").await, Ok(None), "another tenant's");
        let tags = async || {
            let tags = client.get_object_tagging().bucket(&name).key(format!("{mine}/a/b"));
            tags.send().await.unwrap().tag_set.len()
        };
        assert_eq!(tags().await, 1);
        bucket.keep(&mine, "a/b").await.unwrap();
        bucket.keep(&mine, "a/b").await.unwrap();
        assert_eq!(tags().await, 0, "the lifecycle does not find it any more");
        assert!(matches!(bucket.keep(&mine, "none").await, Err(Fault::NotFound(_))));

        let url = bucket.upload(&mine, "large", "image/png", 3).await.unwrap();
        let signed = url.split(['?', '&']).find_map(|it| it.strip_prefix("X-Amz-SignedHeaders="));
        let signed = signed.unwrap().replace("%3B", " ");
        assert_eq!(signed, "content-length content-type host if-none-match x-amz-tagging");
        let mut put = browser.put(&url).body("png");
        for (name, value) in bucket.upload_headers("image/png") {
            put = put.header(name, value);
        }
        let again = put.try_clone().unwrap();
        assert!(put.send().await.unwrap().status().is_success());
        assert_eq!(again.send().await.unwrap().status(), 412, "it is put once");
        assert_eq!(bucket.look(&mine, "large").await, Ok(stored(3, "image/png")));

        let url = bucket.download(&mine, "large", "ü.html", "text/html").await.unwrap();
        let got = browser.get(&url).send().await.unwrap();
        let header = |name: &str| got.headers()[name].to_str().unwrap().to_owned();
        let expected = "attachment; filename=\"_.html\"; filename*=UTF-8''%C3%BC.html";
        assert_eq!(header("content-disposition"), expected);
        assert_eq!(header("content-type"), "text/html");
        assert_eq!(got.bytes().await.unwrap(), "png");
        bucket.delete(&mine, "large").await.unwrap();
        assert_eq!(bucket.look(&mine, "large").await, Ok(None));
    });
}

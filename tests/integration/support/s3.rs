//! S3, as far as a reader of buckets goes.

use std::ops::Bound;

use super::faults::{Action, Call};
use super::http::{Answer, Request, encode, escape};
use super::world::{Bucket, Listing, StorageClass, World};

/// The bucket and the key, or a listing's prefix.
pub fn target(request: &Request) -> (String, String) {
    let path = request.path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let key = match key {
        "" => request.query("prefix").unwrap_or_default(),
        key => key,
    };
    (bucket.to_owned(), key.to_owned())
}

/// What is asked for.
pub fn action(request: &Request) -> Action {
    let path = request.path.trim_start_matches('/');
    let has_key = path.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    match (request.method.as_str(), has_key) {
        ("GET", true) => Action::GetObject,
        ("HEAD", true) => Action::HeadObject,
        ("HEAD", false) => Action::HeadBucket,
        ("GET", false) if request.query("location").is_some() => Action::GetBucketLocation,
        ("GET", false) if request.query("list-type") == Some("2") => Action::ListObjectsV2,
        ("GET", false) => Action::ListObjects,
        _ => Action::Unknown,
    }
}

/// An error as S3 words it; HEAD requests get no body.
pub fn error(request: &Request, status: u16, code: &str, message: &str) -> Answer {
    let resource = escape(&request.path);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message>\
         <Resource>{resource}</Resource><RequestId>TEST</RequestId></Error>",
        escape(message)
    );
    Answer::new(status, "application/xml", body)
}

/// The answer.
pub fn answer(world: &World, request: &Request, call: &Call, page_size: usize) -> Answer {
    let Some(bucket) = world.buckets.get(&call.bucket) else {
        return error(request, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    if call.region.is_empty() {
        return error(request, 403, "AccessDenied", "Access Denied");
    }
    if bucket.region != call.region && call.action != Action::GetBucketLocation {
        return error(
            request,
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint.",
        )
        .with("x-amz-bucket-region", &bucket.region);
    }
    let denied = || error(request, 403, "AccessDenied", "Access Denied");
    let may_list = bucket.listing == Listing::Granted;
    match call.action {
        Action::ListObjectsV2 | Action::ListObjects if !may_list => denied(),
        Action::ListObjectsV2 | Action::ListObjects => list(bucket, request, call, page_size),
        Action::HeadBucket if !may_list => denied().with("x-amz-bucket-region", &bucket.region),
        Action::HeadBucket => {
            Answer::new(200, "application/xml", "").with("x-amz-bucket-region", &bucket.region)
        }
        Action::GetBucketLocation => Answer::new(
            200,
            "application/xml",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint \
                 xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</LocationConstraint>",
                match bucket.region.as_str() {
                    "us-east-1" => "",
                    region => region,
                }
            ),
        ),
        Action::GetObject | Action::HeadObject => match bucket.objects.get(&call.key) {
            None if !may_list => denied(),
            None => error(request, 404, "NoSuchKey", "The specified key does not exist."),
            Some(stored) if stored.storage_class != StorageClass::Standard => {
                let answer = error(
                    request,
                    403,
                    "InvalidObjectState",
                    "The operation is not valid for the object's storage class",
                );
                let class = format!("<StorageClass>{}</StorageClass>", stored.storage_class.as_str());
                let body = String::from_utf8_lossy(&answer.body)
                    .replace("<Resource>", &format!("{class}<Resource>"));
                Answer { body: body.into(), ..answer }
            }
            Some(stored) => {
                let mut answer = Answer::new(200, "application/x-gzip", stored.body.clone())
                    .with("etag", "\"0123456789abcdef0123456789abcdef\"")
                    .with(
                        "last-modified",
                        stored.last_modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
                    );
                for (name, value) in &stored.metadata {
                    answer = answer.with(&format!("x-amz-meta-{name}"), value);
                }
                answer
            }
        },
        _ => error(request, 405, "MethodNotAllowed", "The specified method is not allowed."),
    }
}

fn list(bucket: &Bucket, request: &Request, call: &Call, page_size: usize) -> Answer {
    let version_2 = call.action == Action::ListObjectsV2;
    let prefix = request.query("prefix").unwrap_or_default();
    let delimiter = request.query("delimiter").filter(|text| !text.is_empty());
    let most = request.query("max-keys").and_then(|text| text.parse().ok()).unwrap_or(1000);
    let most = page_size.min(most).min(1000);
    let name = |name: &str| match request.query("encoding-type") {
        Some("url") => encode(name),
        _ => escape(name),
    };
    let after = match version_2 {
        true => request
            .query("continuation-token")
            .map(from_token)
            .or(request.query("start-after").map(Into::into)),
        false => request.query("marker").map(str::to_owned),
    };
    let after = after.unwrap_or_default();
    // A page that ended with a folder goes on after everything in it; a start-after is a key like any other.
    let page_ended = !version_2 || request.query("continuation-token").is_some();
    let folder_past =
        delimiter.is_some_and(|delimiter| after.ends_with(delimiter) && after.starts_with(prefix));
    let mut from: Bound<String> = match after.as_str() {
        after if after < prefix || after.is_empty() => Bound::Included(prefix.to_owned()),
        after if page_ended && folder_past => Bound::Included(end_of(after)),
        after => Bound::Excluded(after.to_owned()),
    };

    let (mut contents, mut folders) = (String::new(), String::new());
    let (mut count, mut last) = (0, None);
    let truncated = loop {
        let next = bucket.objects.range::<String, _>((from.clone(), Bound::Unbounded)).next();
        let Some((key, stored)) = next.filter(|(key, _)| key.starts_with(prefix)) else {
            break false;
        };
        if count == most {
            break true;
        }
        count += 1;
        let folder = delimiter.and_then(|delimiter| {
            let at = key[prefix.len()..].find(delimiter)?;
            Some(&key[..prefix.len() + at + delimiter.len()])
        });
        match folder {
            Some(folder) => {
                folders
                    .push_str(&format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", name(folder)));
                last = Some(folder.to_owned());
                from = Bound::Included(end_of(folder));
            }
            None => {
                contents.push_str(&format!(
                    "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&quot;0&quot;</ETag><Size>{}</Size>\
                     <StorageClass>{}</StorageClass></Contents>",
                    name(key),
                    stored.last_modified.format("%Y-%m-%dT%H:%M:%S.000Z"),
                    stored.body.len(),
                    stored.storage_class.as_str()
                ));
                last = Some(key.clone());
                from = Bound::Excluded(key.clone());
            }
        }
    };
    let last = last.unwrap_or_default();
    let next = match (truncated, version_2) {
        (false, _) => String::new(),
        (true, true) => format!("<NextContinuationToken>{}</NextContinuationToken>", to_token(&last)),
        (true, false) if delimiter.is_some() => format!("<NextMarker>{}</NextMarker>", name(&last)),
        (true, false) => String::new(),
    };
    let encoding = match request.query("encoding-type") {
        Some("url") => "<EncodingType>url</EncodingType>",
        _ => "",
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{}</Name><Prefix>{}</Prefix><MaxKeys>{most}</MaxKeys>\
         {encoding}<KeyCount>{count}</KeyCount><IsTruncated>{truncated}</IsTruncated>{next}{contents}{folders}\
         </ListBucketResult>",
        call.bucket,
        name(prefix),
    );
    Answer::new(200, "application/xml", body)
}

/// The first key that can follow everything in `folder`.
fn end_of(folder: &str) -> String {
    format!("{folder}\u{10ffff}")
}

/// Tokens mean nothing to a client, and look it.
fn to_token(key: &str) -> String {
    key.bytes().map(|byte| format!("{:02x}", byte ^ 0x5a)).collect()
}

fn from_token(token: &str) -> String {
    let bytes = token
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8_lossy(&bytes.map(|byte| byte ^ 0x5a).collect::<Vec<u8>>()).into_owned()
}

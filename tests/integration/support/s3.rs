//! S3, as far as a reader of buckets goes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;

use super::faults::{Action, Call};
use super::http::{Answer, Request, encode, escape};
use super::server::{Behaviour, Listings};
use super::settings::Settings;
use super::world::{Bucket, Listing, Past, StorageClass, Stored, World};

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
        ("GET", true) if request.query("retention").is_some() => Action::GetSetting,
        ("GET", false) if Settings::asked(|name| request.query(name).is_some()).is_some() => {
            Action::GetSetting
        }
        ("GET", true) => Action::GetObject,
        ("PUT", true) => Action::PutObject,
        ("HEAD", true) => Action::HeadObject,
        ("HEAD", false) => Action::HeadBucket,
        ("GET", false) if request.query("location").is_some() => Action::GetBucketLocation,
        ("GET", false) if request.query("versions").is_some() => Action::ListObjectVersions,
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
pub fn answer(world: &World, request: &Request, call: &Call, behaviour: &Behaviour) -> Answer {
    let Some(bucket) = world.buckets.get(&call.bucket) else {
        return error(request, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    if call.region.is_empty() && !world.public {
        return error(request, 403, "AccessDenied", "Access Denied");
    }
    if bucket.region != call.region && !call.region.is_empty() && call.action != Action::GetBucketLocation {
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
        Action::ListObjectsV2 | Action::ListObjects | Action::ListObjectVersions if !may_list => denied(),
        Action::ListObjectVersions => versions(bucket, call),
        Action::ListObjectsV2 | Action::ListObjects => list(bucket, request, call, behaviour),
        Action::GetSetting => setting(bucket, request, call),
        Action::HeadBucket
            if request
                .header("x-amz-expected-bucket-owner")
                .is_some_and(|owner| owner != bucket.settings.owner) =>
        {
            denied()
        }
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
                let mut answer = Answer::new(200, &stored.content_type, stored.body.clone())
                    .with("etag", format!("\"{}\"", stored.etag()))
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

/// Writes an object, if the request's condition holds.
pub fn put(world: &mut World, request: &Request, call: &Call, behaviour: &Behaviour) -> Answer {
    let Some(bucket) = world.buckets.get_mut(&call.bucket) else {
        return error(request, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    let there = bucket.objects.get(&call.key).map(|stored| format!("\"{}\"", stored.etag()));
    let failed = || {
        let message = "At least one of the pre-conditions you specified did not hold";
        error(request, 412, "PreconditionFailed", message)
    };
    let there = there.filter(|_| behaviour.keeps_conditions);
    match (request.header("if-none-match"), request.header("if-match"), there) {
        (Some("*"), _, Some(_)) => return failed(),
        (_, Some(_), None) if behaviour.keeps_conditions => {
            return error(request, 404, "NoSuchKey", "The specified key does not exist.");
        }
        (_, Some(seen), Some(there)) if seen != there => return failed(),
        _ => {}
    }
    if bucket.objects.contains_key(&call.key) {
        bucket.past.push(Past::Version { key: call.key.clone() });
    }
    let stored = bucket.put(&call.key, request.body.clone());
    stored.last_modified = chrono::Utc::now();
    let etag = format!("\"{}\"", stored.etag());
    Answer::new(200, "application/xml", "").with("etag", etag)
}

/// A setting of the bucket, or of one of its objects.
fn setting(bucket: &Bucket, request: &Request, call: &Call) -> Answer {
    let answered = match Settings::asked(|name| request.query(name).is_some()) {
        Some(name) => bucket.settings.answer(name),
        None if !bucket.objects.contains_key(&call.key) => Err((404, "NoSuchKey")),
        None => bucket.settings.retention.clone().ok_or((404, "NoSuchObjectLockConfiguration")),
    };
    match answered {
        Ok(document) => Answer::new(200, "application/xml", document),
        Err((status, code)) => error(request, status, code, "There is none."),
    }
}

/// All versions below a prefix, on one page.
fn versions(bucket: &Bucket, call: &Call) -> Answer {
    let version = |key: &str, latest: bool| {
        format!(
            "<Version><Key>{}</Key><VersionId>v</VersionId><IsLatest>{latest}</IsLatest></Version>",
            escape(key)
        )
    };
    let below = |key: &&String| key.starts_with(&call.key);
    let there = bucket.objects.keys().filter(below).map(|key| version(key, true));
    let past = bucket.past.iter().filter(|past| below(&past.key())).map(|past| match past {
        Past::Version { key } => version(key, false),
        Past::DeleteMarker { key } => {
            let key = escape(key);
            format!("<DeleteMarker><Key>{key}</Key><VersionId>d</VersionId><IsLatest>true</IsLatest></DeleteMarker>")
        }
    });
    let listed: String = there.chain(past).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListVersionsResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated>{listed}</ListVersionsResult>"
    );
    Answer::new(200, "application/xml", body)
}

/// One page of a listing.
struct Shown<'world> {
    objects: Vec<(&'world str, &'world Stored)>,
    folders: Vec<&'world str>,
    /// Where the next page begins; none after the last.
    next: Option<String>,
}

/// What is asked of a listing.
struct Asked<'request> {
    prefix: &'request str,
    delimiter: Option<&'request str>,
    /// The last key or folder of an earlier page, or where to begin.
    after: String,
    is_continued: bool,
    most: usize,
}

fn list(bucket: &Bucket, request: &Request, call: &Call, behaviour: &Behaviour) -> Answer {
    let version_2 = call.action == Action::ListObjectsV2;
    let most = request.query("max-keys").and_then(|text| text.parse().ok()).unwrap_or(1000);
    let after = if version_2 {
        request.query("continuation-token").map(from_token).or(request.query("start-after").map(Into::into))
    } else {
        request.query("marker").map(str::to_owned)
    };
    let asked = Asked {
        prefix: request.query("prefix").unwrap_or_default(),
        delimiter: request.query("delimiter").filter(|text| !text.is_empty()),
        after: after.unwrap_or_default(),
        is_continued: !version_2 || request.query("continuation-token").is_some(),
        most: behaviour.page_size.min(most).min(1000),
    };
    let listings =
        if asked.prefix.contains(behaviour.listings_of) { behaviour.listings } else { Listings::AsS3 };
    let mut shown = match listings {
        Listings::Unordered => unordered(bucket, &asked),
        _ => ordered(bucket, &asked),
    };
    if listings == Listings::Circling {
        // Before every key: the first page.
        shown.next.get_or_insert_with(|| "!".to_owned());
    }
    document(request, call, &asked, &shown, listings)
}

fn ordered<'world>(bucket: &'world Bucket, asked: &Asked<'_>) -> Shown<'world> {
    let Asked { prefix, delimiter, after, is_continued, most } = asked;
    // A page that ended with a folder goes on after everything in it; a start-after is a key like any other.
    let folder_past =
        delimiter.is_some_and(|delimiter| after.ends_with(delimiter) && after.starts_with(prefix));
    let mut from: Bound<String> = match after.as_str() {
        after if after < *prefix || after.is_empty() => Bound::Included((*prefix).to_owned()),
        after if *is_continued && folder_past => Bound::Included(end_of(after)),
        after => Bound::Excluded(after.to_owned()),
    };
    let mut shown = Shown { objects: Vec::new(), folders: Vec::new(), next: None };
    let mut last = "";
    loop {
        let next = bucket.objects.range::<String, _>((from.clone(), Bound::Unbounded)).next();
        let Some((key, stored)) = next.filter(|(key, _)| key.starts_with(prefix)) else {
            return shown;
        };
        if shown.objects.len() + shown.folders.len() == *most {
            shown.next = Some(last.to_owned());
            return shown;
        }
        match folder(key, asked) {
            Some(folder) => {
                (last, from) = (folder, Bound::Included(end_of(folder)));
                shown.folders.push(folder);
            }
            None => {
                (last, from) = (key, Bound::Excluded(key.clone()));
                shown.objects.push((key, stored));
            }
        }
    }
}

/// In an order of nobody's. Where a page ended, it goes on; after any other key, in the middle of nowhere.
fn unordered<'world>(bucket: &'world Bucket, asked: &Asked<'_>) -> Shown<'world> {
    let mut all: Vec<&str> = Vec::new();
    for key in bucket.objects.keys().filter(|key| key.starts_with(asked.prefix)) {
        let name = folder(key, asked).unwrap_or(key);
        if all.last() != Some(&name) {
            all.push(name);
        }
    }
    all.sort_by_key(|name| {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    });
    let from = match (asked.after.as_str(), asked.is_continued) {
        ("", _) => 0,
        (after, true) => all.iter().position(|name| *name == after).unwrap() + 1,
        (_, false) => all.len() / 2,
    };
    let (page, rest) = all[from..].split_at(asked.most.min(all.len() - from));
    let (objects, folders) = page.iter().partition::<Vec<&str>, _>(|name| folder(name, asked).is_none());
    Shown {
        objects: objects.into_iter().map(|key| (key, &bucket.objects[key])).collect(),
        folders,
        next: page.last().filter(|_| !rest.is_empty()).map(|last| (*last).to_owned()),
    }
}

/// The folder that a key is shown as.
fn folder<'world>(key: &'world str, asked: &Asked<'_>) -> Option<&'world str> {
    let delimiter = asked.delimiter?;
    let at = key[asked.prefix.len()..].find(delimiter)?;
    Some(&key[..asked.prefix.len() + at + delimiter.len()])
}

fn document(request: &Request, call: &Call, asked: &Asked<'_>, shown: &Shown<'_>, kind: Listings) -> Answer {
    let version_2 = call.action == Action::ListObjectsV2;
    let is_url = request.query("encoding-type") == Some("url");
    let name = |name: &str| if is_url && kind != Listings::Unencoded { encode(name) } else { escape(name) };
    let object = |(key, stored): &(&str, &Stored)| {
        format!(
            "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&quot;{}&quot;</ETag><Size>{}</Size>\
             <StorageClass>{}</StorageClass></Contents>",
            name(key),
            stored.last_modified.format("%Y-%m-%dT%H:%M:%S.000Z"),
            stored.etag(),
            stored.body.len(),
            stored.storage_class.as_str()
        )
        .repeat(if kind == Listings::Doubled { 2 } else { 1 })
    };
    let folder =
        |folder: &&str| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", name(folder));
    let next = match (&shown.next, version_2) {
        (None, _) => String::new(),
        (Some(last), true) => format!("<NextContinuationToken>{}</NextContinuationToken>", to_token(last)),
        (Some(last), false) if asked.delimiter.is_some() => {
            format!("<NextMarker>{}</NextMarker>", name(last))
        }
        (Some(_), false) => String::new(),
    };
    let truncated = match kind {
        Listings::TokenAlone if shown.next.is_some() => String::new(),
        _ => format!("<IsTruncated>{}</IsTruncated>", shown.next.is_some()),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{}</Name><Prefix>{}</Prefix><MaxKeys>{}</MaxKeys>\
         {}<KeyCount>{}</KeyCount>{truncated}{next}{}{}</ListBucketResult>",
        call.bucket,
        name(asked.prefix),
        asked.most,
        if is_url { "<EncodingType>url</EncodingType>" } else { "" },
        shown.objects.len() + shown.folders.len(),
        shown.objects.iter().map(object).collect::<String>(),
        shown.folders.iter().map(folder).collect::<String>(),
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

//! What the program needs of AWS: a store, keys, and what a trail says of itself.

use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::{Plan, TrailFilter};
use crate::aws::failure::FailureKind;
use crate::aws::trails::{self, Logging, Trail, TrailArn, TrailStatus, Trails, Validation};
use crate::aws::{self, ObjectRequests, Payer, RequestPolicy, Session, Signing};
use crate::keys::KeySource;
use crate::keys::aws::ListPublicKeys;
use crate::keys::source::AskedKeys;
use crate::store::s3::{S3State, S3Store};
use crate::trail::source::Within;
use crate::trail::{Identity, Location, Region, Time, format_time};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::args::{Access, RequestPayer};
use super::exit::Failure;
use super::failed::Advice;
use super::key_files::key_files;

/// AWS, within reach.
pub struct AwsClients {
    session: Session,
    access: Access,
    advice: Advice,
}

impl AwsClients {
    /// Reads the configuration as every AWS tool does. A region in scope is where AWS is asked first, if nothing else says.
    pub async fn open(access: &Access, in_scope: Option<&Region>) -> Result<Self, Failure> {
        let session = Session::open(&aws::Access {
            profile: access.profile.clone(),
            region: access.aws_region.clone(),
            fallback_region: in_scope.cloned(),
            s3_endpoint: access.endpoint_url.clone(),
            service_endpoint: None,
            assume_role: access.assume_role.clone(),
            signing: if access.no_sign_request { Signing::Unsigned } else { Signing::Signed },
            payer: match access.request_payer {
                Some(RequestPayer::Requester) => Payer::Requester,
                None => Payer::Owner,
            },
            object_requests: if access.no_fast_path {
                ObjectRequests::SdkAlone
            } else {
                ObjectRequests::FastPath
            },
            load: RequestPolicy {
                requests_per_second: access.max_requests_per_second,
                ..RequestPolicy::default()
            },
        })
        .await
        .map_err(Failure::new)?;
        let advice = Advice::of(access, session.sign_in());
        Ok(Self { session, access: access.clone(), advice })
    }

    /// What to do about a run that could not begin.
    pub fn advice(&self) -> &Advice {
        &self.advice
    }

    /// Who asks, told to whoever waits for it. STS is left out where nothing else is asked of AWS: the credentials of another
    /// store mean nothing there.
    pub fn identity(&self, key_files: &[PathBuf]) -> BoxFuture<'static, Option<Identity>> {
        let session = self.session.clone();
        if session.speaks_s3_elsewhere() && !key_files.is_empty() {
            async move { session.access_key().await }.boxed()
        } else {
            async move { session.identity().await }.boxed()
        }
    }

    /// The session itself.
    pub fn session(&self) -> Session {
        self.session.clone()
    }

    /// All buckets.
    pub fn store(&self) -> S3Store {
        S3Store::new(&self.session)
    }

    /// A prefix for files of the caller's own.
    pub fn state(&self, home: Location) -> S3State {
        S3State::new(self.store(), home)
    }

    /// Whether S3 is spoken elsewhere than at AWS.
    pub fn speaks_s3_elsewhere(&self) -> bool {
        self.session.speaks_s3_elsewhere()
    }

    /// AWS's own key list.
    pub fn key_list(&self) -> ListPublicKeys {
        ListPublicKeys::new(&self.session)
    }

    /// The regions this account has enabled.
    pub async fn enabled_regions(&self) -> Result<Vec<Region>, Failure> {
        Trails::new(&self.session).enabled_regions(None).await.map_err(|error| match error.failure.kind {
            FailureKind::Denied => {
                Failure::new(format!("{error}; name regions one by one, or grant account:ListRegions"))
            }
            kind => self.advice.on(kind, error),
        })
    }

    /// AWS's own list of keys, as of `now`.
    pub fn asked_keys(&self, now: Time) -> Result<KeySource, Failure> {
        if self.access.no_sign_request {
            return Err(Failure::new(
                "--no-sign-request leaves no way to ask AWS for its keys: fetch them with credentials (trailseal keys fetch) \
                 and give them as --keys FILE",
            ));
        }
        Ok(KeySource::Aws(Box::new(AskedKeys::new(self.key_list(), now))))
    }

    /// The keys of the given files, else AWS's own list as of `now`.
    pub fn keys(&self, files: &[PathBuf], now: Time) -> Result<KeySource, Failure> {
        match files {
            [] => self.asked_keys(now),
            files => Ok(KeySource::Files(Arc::new(key_files(files)?))),
        }
    }

    /// Expects the account's enabled regions, as far as they are in scope.
    pub async fn expect_enabled_regions(&self, plan: &mut Plan) -> Result<(), Failure> {
        let enabled = self.enabled_regions().await?;
        let scope = &plan.scope.regions;
        let in_scope = |region: &Region| scope.is_empty() || scope.contains(region);
        plan.expected.regions.extend(enabled.into_iter().filter(in_scope));
        Ok(())
    }

    /// Asks CloudTrail where a trail delivers.
    pub async fn delivery(&self, arn: &str) -> Result<(TrailArn, Trail), Failure> {
        let arn: TrailArn = arn.parse().map_err(Failure::new)?;
        let trail = Trails::new(&self.session).resolve(&arn).await.map_err(|error| {
            let next = match error.failure.kind {
                FailureKind::NotFound => {
                    "check the ARN; a deleted trail's record is still in its bucket: name that"
                }
                FailureKind::Denied => {
                    "grant cloudtrail:GetTrail or cloudtrail:DescribeTrails, or name the bucket"
                }
                FailureKind::NoCredentials | FailureKind::CredentialsExpired | FailureKind::Unrecognised => {
                    return self.advice.on(error.failure.kind, error);
                }
                _ => "or name the bucket itself: s3://BUCKET/PREFIX",
            };
            Failure::new(format!("{error}; {next}"))
        })?;
        Ok((arn, trail))
    }

    /// Asks CloudTrail where a trail delivers and how it is doing.
    pub async fn trail(&self, arn: &str) -> Result<FoundTrail, Failure> {
        let (arn, trail) = self.delivery(arn).await?;
        let trails = Trails::new(&self.session);
        let status = trails.status(&arn).await;
        let regions = match trail.reach {
            trails::TrailRegions::AllRegions => trails.enabled_regions(None).await.map(Some),
            trails::TrailRegions::HomeRegion => Ok(None),
        };
        Ok(FoundTrail { arn, trail, status, regions })
    }
}

/// A trail and what is known of it beside its bucket.
pub struct FoundTrail {
    arn: TrailArn,
    trail: Trail,
    status: Result<TrailStatus, trails::TrailError>,
    regions: Result<Option<Vec<Region>>, trails::TrailError>,
}

impl FoundTrail {
    /// Where it delivers.
    pub fn place(&self) -> Location {
        self.trail.place()
    }

    /// Which part of what lies there. Without a prefix all of the bucket would have to be searched; with one, the trail may
    /// deliver a folder deeper, for nothing says that a prefix that ends in a slash is not followed by another.
    pub fn within(&self) -> Within {
        match &*self.trail.prefix {
            "" => Within::Home,
            _ => Within::Everything,
        }
    }

    /// Narrows the plan to this trail and holds the record against what CloudTrail says of it.
    pub fn bind(self, plan: &mut Plan) {
        plan.scope
            .trails
            .push(TrailFilter { name: self.arn.name, home_region: Some(self.trail.home_region) });
        if self.trail.validation == Validation::Off {
            plan.notes.push(
                "Log file validation is off for this trail: what it delivers now is in no digest and can never be \
                 proven. Switch it on: aws cloudtrail update-trail --enable-log-file-validation --name TRAIL"
                    .to_owned(),
            );
        }
        match self.status {
            Ok(status) => {
                plan.expected.newest = status.latest_digest_delivery;
                if status.logging == Logging::Off {
                    plan.notes.push("This trail does not log now.".to_owned());
                }
                let errors = [("digests", status.digest_error), ("log files", status.delivery_error)];
                plan.notes.extend(errors.into_iter().filter_map(|(what, error)| {
                    Some(format!("CloudTrail could not deliver {what} lately: {}.", error?))
                }));
                plan.notes.extend(status.latest_digest_delivery.map(|time| {
                    format!("CloudTrail says it last delivered a digest at {}.", format_time(time))
                }));
            }
            Err(error) => plan.notes.push(format!("The trail's status could not be retrieved: {error}.")),
        }
        match self.regions {
            Ok(Some(regions)) if self.trail.owner == trails::Owner::Account => {
                plan.expected.regions.extend(
                    regions.into_iter().filter(|region| plan.scope.regions.is_empty() || plan.scope.regions.contains(region)),
                );
            }
            Ok(_) => {}
            Err(error) => plan.notes.push(format!(
                "The account's enabled regions could not be retrieved, so a region without any trace is not noticed: {error}."
            )),
        }
    }
}

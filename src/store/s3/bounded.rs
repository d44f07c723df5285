//! Bounds the answers that the SDK reads into memory as a whole before anybody looks at them: pages of listings and
//! refusals. Whoever owns the bucket, or stands before it, could send any number of bytes.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::box_error::BoxError;
use http_body_util::Limited;

/// A page shows at most 1,000 keys of 1,024 bytes, each byte of which may take three characters (ListObjectsV2).
const PAGE: usize = 8 << 20;
/// A refusal is a code, a sentence and some names.
pub(super) const REFUSAL: usize = 64 << 10;

/// What an operation answers with when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// A document that is read as a whole.
    Document,
    /// A body that its reader bounds by itself.
    Stream,
}

/// Cuts an answer off where it is larger than what it can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounded(pub(super) Answers);

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response_mut();
        let most = match (answer.status().is_success(), self.0) {
            (true, Answers::Stream) => return Ok(()),
            (true, Answers::Document) => PAGE,
            (false, _) => REFUSAL,
        };
        let body = answer.take_body();
        *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, most));
        Ok(())
    }
}

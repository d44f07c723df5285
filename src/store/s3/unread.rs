//! Has the SDK hand a listing on as it came. All else is the SDK's, refusals too: it alone reads what is no listing. Its own
//! reading of a page takes a copy of every field and looks through the whole document twice, which was most of what a listed
//! key cost.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2, ListObjectsV2Output};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};

use super::document;

/// Where the document of a listing is put. What the SDK returns in its place is empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Unread(Arc<Mutex<Option<SdkBody>>>);

impl Unread {
    /// The document; none, if no listing came.
    pub(super) fn take(&self) -> Option<SdkBody> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for Unread {
    fn name(&self) -> &'static str {
        "Unread"
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(SharedResponseDeserializer::new(self.clone()));
        Ok(())
    }
}

impl DeserializeResponse for Unread {
    fn deserialize_nonstreaming_with_config(
        &self,
        answer: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let is_listing = answer.status().is_success() && document::is_listing(answer.body());
        if let Some(document) = answer.body().try_clone().filter(|_| is_listing) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(document);
            return Ok(Output::erase(ListObjectsV2Output::builder().build()));
        }
        let layer = ListObjectsV2::new().config();
        let sdk = layer.as_ref().and_then(|layer| layer.load::<SharedResponseDeserializer>());
        match sdk {
            Some(sdk) => sdk.deserialize_nonstreaming_with_config(answer, config),
            None => Err(OrchestratorError::other("the SDK has no reader for listings")),
        }
    }
}

//! How connections are made: whose certificates are trusted, and which hosts no proxy stands before.

use std::path::Path;

use aws_sdk_cloudtrail::config::http::HttpResponse;
use aws_sdk_cloudtrail::error::{ErrorMetadata, SdkError};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::AccessError;
use super::bypass::Bypass;
use super::failure::Failure;
use super::profile::Profiles;

/// The variable that names a file of certificates.
const BUNDLE: &str = "AWS_CA_BUNDLE";

/// Whose certificates are trusted.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// Those that the system trusts.
    System,
    /// These alone, in PEM and known to be readable.
    Bundle(Vec<u8>),
}

impl Trust {
    /// What the environment says, else the profile, as in every AWS tool.
    pub(super) fn configured(profiles: &Profiles) -> Result<Self, AccessError> {
        let by_environment = std::env::var(BUNDLE).ok().filter(|path| !path.is_empty());
        let by_profile = || {
            let path = profiles.value("ca_bundle")?;
            Some((path.to_owned(), format!("ca_bundle of the profile {}", profiles.name())))
        };
        match by_environment.map(|path| (path, BUNDLE.to_owned())).or_else(by_profile) {
            None => Ok(Self::System),
            Some((path, named_by)) => read(Path::new(&path))
                .map(Self::Bundle)
                .map_err(|detail| AccessError::Certificates { path, named_by, detail }),
        }
    }

    fn context(&self) -> Option<TlsContext> {
        let store = match self {
            Self::System => TrustStore::default(),
            Self::Bundle(pem) => TrustStore::empty().with_pem_certificate(pem.clone()),
        };
        TlsContext::builder().with_trust_store(store).build().ok()
    }
}

/// Reads certificates, every one of them: the SDK holds those it cannot read for impossible.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(pem) }
}

/// One client for all services and regions: the system's certificates are read once.
pub(super) fn client(trust: Trust) -> SharedHttpClient {
    let bypass = Bypass::from_environment();
    let over = |proxy: fn() -> ProxyConfig| {
        let trust = trust.clone();
        Builder::new().build_with_connector_fn(move |settings, components| {
            connector(&trust, proxy(), settings, components)
        })
    };
    let proxied = over(ProxyConfig::from_env);
    if bypass.is_empty() {
        proxied
    } else {
        SharedHttpClient::new(Forked { proxied, direct: over(ProxyConfig::disabled), bypass })
    }
}

/// Whether a proxy may stand in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// Where the environment has one for this address.
    AsConfigured,
    /// Never.
    Nobody,
}

/// A connector to one address by itself, without limits of time.
pub(super) fn connector_to(trust: &Trust, uri: &str, between: Between) -> SharedHttpConnector {
    let proxy = match between {
        Between::AsConfigured if !Bypass::from_environment().holds(uri) => ProxyConfig::from_env(),
        Between::AsConfigured | Between::Nobody => ProxyConfig::disabled(),
    };
    SharedHttpConnector::new(connector(trust, proxy, None, None))
}

/// Sends a request, and gives what came back, whatever that says.
///
/// # Errors
///
/// Where nothing came back.
pub(super) async fn call(
    connector: &SharedHttpConnector,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let called: Result<_, SdkError<ErrorMetadata, HttpResponse>> =
        connector.call(request).await.map_err(SdkError::dispatch_failure);
    called.map_err(|error| Failure::read(&error))
}

fn connector(
    trust: &Trust,
    proxy: ProxyConfig,
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> Connector {
    let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    if let Some(context) = trust.context() {
        connector.set_tls_context(context);
    }
    connector.set_connector_settings(settings.cloned());
    connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
    connector.set_proxy_config(Some(proxy));
    connector.build()
}

/// Goes by the proxy, if there is one, or past it: the SDK's own rules know no ports, and no `*` for addresses.
#[derive(Debug)]
struct Forked {
    proxied: SharedHttpClient,
    direct: SharedHttpClient,
    bypass: Bypass,
}

impl HttpClient for Forked {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Fork {
            proxied: self.proxied.http_connector(settings, components),
            direct: self.direct.http_connector(settings, components),
            bypass: self.bypass.clone(),
        })
    }
}

#[derive(Debug)]
struct Fork {
    proxied: SharedHttpConnector,
    direct: SharedHttpConnector,
    bypass: Bypass,
}

impl HttpConnector for Fork {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.bypass.holds(request.uri()) { self.direct.call(request) } else { self.proxied.call(request) }
    }
}

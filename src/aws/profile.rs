//! Profiles of the shared configuration files, as far as this program looks at them itself: which one is meant, that it
//! is there, and how one signs in with it. All else is the SDK's.

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};

use super::AccessError;

/// The variable that names a profile.
const PROFILE: &str = "AWS_PROFILE";

/// Profiles that may take credentials from each other; those that go round in a circle end too.
const MOST_SOURCES: usize = 10;

/// The profiles there are, and the one that is meant.
#[derive(Debug)]
pub(super) struct Profiles {
    set: ProfileSet,
    chosen: Chosen,
}

/// Who chose the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chosen {
    /// The caller, by name.
    Caller(String),
    /// The environment, by name.
    Environment(String),
    /// None: it is the one that is there for that.
    Nobody,
}

/// How one comes by the credentials of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SignIn {
    /// By whatever there is: keys, a role, a process, the machine.
    #[default]
    Plain,
    /// In a browser, every few hours.
    Sso {
        /// The profile.
        profile: String,
    },
}

impl Profiles {
    /// Reads the files. A profile that is named and is not there is refused, as all tools do.
    pub(super) async fn load(named: Option<&str>) -> Result<Self, AccessError> {
        let by_environment = || std::env::var(PROFILE).ok().filter(|name| !name.is_empty());
        let chosen = match (named, by_environment()) {
            (Some(name), _) => Chosen::Caller(name.to_owned()),
            (None, Some(name)) => Chosen::Environment(name),
            (None, None) => Chosen::Nobody,
        };
        let name = chosen.name().to_owned();
        let files = aws_runtime::env_config::file::EnvConfigFiles::default();
        let set = aws_config::profile::load(&Fs::real(), &Env::real(), &files, Some(name.into())).await;
        let set =
            set.map_err(|error| AccessError::Configuration { detail: super::failure::in_words(&error) })?;
        let profiles = Self { set, chosen };
        match &profiles.chosen {
            Chosen::Caller(name) | Chosen::Environment(name) if profiles.own().is_none() => {
                let mut known: Vec<String> = profiles.set.profiles().map(str::to_owned).collect();
                known.sort_unstable();
                Err(AccessError::UnknownProfile { profile: name.clone(), known })
            }
            Chosen::Caller(_) | Chosen::Environment(_) | Chosen::Nobody => Ok(profiles),
        }
    }

    /// Refuses the chosen profile where its credentials count and take a code from a device. Nobody can be asked for one
    /// here, and without it AWS would refuse in words that say nothing of it.
    pub(super) fn refuse_mfa(&self) -> Result<(), AccessError> {
        let counts = matches!(self.chosen, Chosen::Caller(_)) || !environment_has_credentials();
        match self.roles().any(|profile| profile.get("mfa_serial").is_some_and(|device| !device.is_empty())) {
            true if counts => Err(AccessError::Mfa { profile: self.name().to_owned() }),
            _ => Ok(()),
        }
    }

    /// The chosen profile and those that it takes credentials from, as far as they take on roles: without one, a device is
    /// named for other tools.
    fn roles(&self) -> impl Iterator<Item = &Profile> {
        let source = |profile: &&Profile| self.set.get_profile(profile.get("source_profile")?);
        std::iter::successors(self.own(), source)
            .take(MOST_SOURCES)
            .filter(|profile| profile.get("role_arn").is_some_and(|role| !role.is_empty()))
    }

    /// Who chose the profile.
    pub(super) fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    /// What the chosen profile says of something.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.own()?.get(name).filter(|value| !value.is_empty())
    }

    /// The chosen profile's name.
    pub(super) fn name(&self) -> &str {
        self.chosen.name()
    }

    /// How one signs in with the chosen profile.
    pub(super) fn sign_in(&self) -> SignIn {
        if ["sso_session", "sso_start_url"].iter().any(|name| self.value(name).is_some()) {
            SignIn::Sso { profile: self.name().to_owned() }
        } else {
            SignIn::Plain
        }
    }

    fn own(&self) -> Option<&Profile> {
        self.set.get_profile(self.name())
    }
}

/// The environment's own keys count before a profile that the environment names, and before the default one.
fn environment_has_credentials() -> bool {
    let given = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    given("AWS_ACCESS_KEY_ID") && given("AWS_SECRET_ACCESS_KEY")
}

impl Chosen {
    fn name(&self) -> &str {
        match self {
            Self::Caller(name) | Self::Environment(name) => name,
            Self::Nobody => "default",
        }
    }
}

/// The credentials of a profile that the caller names: its own, or those of the machine, and none of the environment's.
pub(super) fn credentials(
    name: &str,
    config: &SdkConfig,
    client: SharedHttpClient,
) -> SharedCredentialsProvider {
    let settings =
        ProviderConfig::without_region().with_region(config.region().cloned()).with_http_client(client);
    let profile = ProfileFileCredentialsProvider::builder().configure(&settings).profile_name(name).build();
    let container = EcsCredentialsProvider::builder().configure(&settings).build();
    let machine = ImdsCredentialsProvider::builder().configure(&settings).build();
    SharedCredentialsProvider::new(
        CredentialsProviderChain::first_try("Profile", profile)
            .or_else("EcsContainer", container)
            .or_else("Ec2InstanceMetadata", machine),
    )
}

//! What a folder says of a damage where that is not what a bucket says of it. A copy loses metadata and mixes it up, so what
//! the next digest vouches for is whole there, whatever lies beside it; and only the newest digest has no next one.

use super::Damage;
use crate::forge::truth::InFolder;

/// The damages of which a folder says less.
const LESS: [(Damage, InFolder); 7] = [
    (Damage::DigestUnsigned, InFolder::Nothing),
    (Damage::NewestUnsigned, InFolder::Unproven),
    (Damage::SignatureReplaced, InFolder::Nothing),
    (Damage::SignatureNotHex, InFolder::Nothing),
    (Damage::SignatureOddHex, InFolder::Nothing),
    (Damage::MetadataAlgorithm, InFolder::Nothing),
    (Damage::BackfillUndated, InFolder::Nothing),
];

impl Damage {
    /// What a folder says of it.
    pub(in crate::forge) fn in_a_folder(self) -> InFolder {
        let less = LESS.iter().find(|(damage, _)| *damage == self);
        less.map_or(InFolder::Same, |(_, says)| *says)
    }
}

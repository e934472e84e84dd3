//! Bearer tokens: given out, ended.

use super::{Auth, AuthError};
use crate::config::limits;
use crate::domain::{Account, Actor, BearerToken, Error, Event, Secret, Standing, TokenHash, TokenRecord};
use crate::vault::random;

use super::Member;

impl Auth {
    /// Gives an approved account that has just shown a code a token for [`limits::TOKEN_LIFE`]. Beyond [`limits::TOKENS`] the oldest ends.
    pub async fn issue_token(&self, member: &Member) -> Result<Secret<String>, Error> {
        let token = BearerToken::new(random().map_err(AuthError::from)?);
        let (hash, id, step, now) = (token.hash(), member.id, member.step, self.0.clock.now());
        let issued = self.0.store.write(move |change| {
            // Somebody may have suspended it, or given it a new secret, since it was let in.
            let unchanged = |account: &Account| account.standing == Standing::Approved && account.last_step == step;
            let Some(account) = change.account(id)?.filter(unchanged) else {
                return Ok::<_, AuthError>(false);
            };
            let mut tokens = change.tokens_of(id)?;
            tokens.sort_by_key(|(_, record)| record.expires);
            let surplus = (tokens.len() + 1).saturating_sub(limits::TOKENS);
            for (oldest, _) in tokens.iter().take(surplus) {
                change.remove_token(oldest)?;
            }
            change.put_token(&hash, &TokenRecord { account: id, expires: now.plus(limits::TOKEN_LIFE) })?;
            change.append_audit(now, Actor::Owner, Event::LoggedIn, Some(&account.email))?;
            Ok(true)
        });
        match issued.await? {
            true => Ok(token.text()),
            false => Err(Error::Unauthorized),
        }
    }

    /// Ends a token.
    pub async fn end_token(&self, member: &Member, token: TokenHash) -> Result<(), Error> {
        let (now, email) = (self.0.clock.now(), member.email.clone());
        let ended = self.0.store.write(move |change| {
            if change.remove_token(&token)? {
                change.append_audit(now, Actor::Owner, Event::LoggedOut, Some(&email))?;
            }
            Ok::<_, AuthError>(())
        });
        Ok(ended.await?)
    }
}

//! Is what nobody trusts contained, and is what it reports read rightly?

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod checkout;

//! How are requests sent over the network?
//!
//! In: requests. Out: answers, over HTTP with the system's TLS roots. Reads no
//! environment: a proxy is what the caller says.

use std::io;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::transport::{Request, Response, Transport};

/// Sends requests over the network.
#[derive(Debug)]
pub struct Http {
    agent: Agent,
}

impl Http {
    /// Makes one that waits so long for an answer; `proxy` is an address, `no_proxy` the
    /// hosts it is not used for, separated by commas.
    pub fn new(
        patience: Duration,
        proxy: Option<&str>,
        no_proxy: Option<&str>,
    ) -> io::Result<Self> {
        let proxy = proxy.map(|address| proxy_at(address, no_proxy)).transpose()?;
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(tls)
            .user_agent(concat!("backstory/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_recv_body(Some(patience))
            .build();
        Ok(Self { agent: Agent::new_with_config(config) })
    }
}

fn proxy_at(address: &str, no_proxy: Option<&str>) -> io::Result<Proxy> {
    let wrong = |_| io::Error::new(io::ErrorKind::InvalidInput, "the proxy has no valid address");
    let read = Proxy::new(address).map_err(wrong)?;
    let Some(hosts) = no_proxy else { return Ok(read) };
    let mut proxy = Proxy::builder(read.protocol()).host(read.host()).port(read.port());
    if let Some(name) = read.username() {
        proxy = proxy.username(name);
    }
    if let Some(password) = read.password() {
        proxy = proxy.password(password);
    }
    for host in hosts.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        proxy = proxy.no_proxy(host);
    }
    proxy.build().map_err(wrong)
}

impl Transport for Http {
    fn send(&self, request: &Request<'_>) -> io::Result<Response> {
        let answer = if let Some(body) = request.body {
            let mut call = self.agent.post(request.url);
            for (name, value) in request.headers {
                call = call.header(*name, value);
            }
            call.send(body)
        } else {
            let mut call = self.agent.get(request.url);
            for (name, value) in request.headers {
                call = call.header(*name, value);
            }
            call.call()
        };
        let answer = answer.map_err(ureq::Error::into_io)?;
        let text = |value: &ureq::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = answer.headers();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let status = answer.status().as_u16();
        Ok(Response { status, headers, body: Box::new(answer.into_body().into_reader()) })
    }
}

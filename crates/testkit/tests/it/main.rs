//! Do built repositories mean the same to git, to the port and on every machine?

#[cfg(test)]
mod context;
#[cfg(test)]
mod example;
#[cfg(test)]
mod repository;

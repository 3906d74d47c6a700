//! Which image would hold the environment of a recipe?
//!
//! In: a recipe, and what its installers chose. Out: the text of a Dockerfile
//! and of the requirements beside it. No image was built from it: the tests ran
//! in our sandbox, and every task says `image_verified: false`.

use std::fmt::Write as _;

use backstory_model::{EnvironmentRecipe, Language, TaskInstance};

use super::script::quote;

/// What differs from language to language.
struct Image {
    /// The image without its version, and what follows the version.
    from: [&'static str; 2],
    packages: &'static str,
    /// Gets the installer to where the recipe has it.
    tools: &'static str,
    environment: &'static str,
    path: &'static str,
}

const PYTHON: Image = Image {
    from: ["python", "-slim"],
    packages: "build-essential git",
    tools: "pip install --no-cache-dir uv==0.13.8",
    environment: "\
COPY requirements.txt /opt/backstory/requirements.txt
RUN uv venv --quiet --python \"$(command -v python)\" /env && \
uv pip install --quiet --python /env/bin/python --no-deps \
--requirement /opt/backstory/requirements.txt
",
    path: "ENV PATH=/env/bin:$PATH\n",
};

const GO: Image = Image {
    from: ["golang", ""],
    packages: "git python3",
    tools: "mkdir -p /toolchain && ln -s /usr/local/go /toolchain/go",
    // Only fills the cache of the build, as far as the base can be built.
    environment: "\
RUN CGO_ENABLED=0 GOCACHE=/env/go-build GOPATH=/env/go GOTOOLCHAIN=local GOPROXY=off \
go test -run '^$' ./... || true
",
    path: "",
};

/// Returns the text of the Dockerfile; `links` are other names of the work tree.
pub(super) fn write(instance: &TaskInstance, recipe: &EnvironmentRecipe, links: &[&str]) -> String {
    let version = recipe.toolchain.trim_start_matches(|c: char| !c.is_ascii_digit());
    let image = if recipe.language == Language::Go { GO } else { PYTHON };
    let [from, variant] = image.from;
    let mut text = format!(
        "# image_verified: false. Rendered from the recipe the tests ran with; no image was built.\n\
         FROM {from}:{version}{variant}\n\
         RUN apt-get update && apt-get install -y --no-install-recommends {packages} \
         && rm -rf /var/lib/apt/lists/*\n\
         RUN {tools}\n\n\
         # The base commit, as one commit of its own: nothing newer can be reached.\n\
         ARG REPOSITORY=https://github.com/{repo}.git\n\
         WORKDIR /testbed\n\
         RUN git init --quiet \
         && git fetch --quiet --depth 1 --no-tags \"$REPOSITORY\" {base} \
         && git checkout --quiet FETCH_HEAD && rm -rf .git && git init --quiet \
         && git config user.name backstory && git config user.email backstory@localhost \
         && git add --all --force && git commit --quiet --message base && git tag backstory-base\n\n",
        packages = image.packages,
        tools = image.tools,
        repo = instance.repo,
        base = instance.base_commit,
    );
    text.push_str(image.environment);
    for phase in recipe.phases.iter().filter(|phase| phase.command.iter().any(is_work_tree)) {
        let there = |part: &String| quote(&part.replacen("/work", "/testbed", 1));
        let command: Vec<String> = phase
            .command
            .iter()
            .map(|part| if is_work_tree(part) { there(part) } else { quote(part) })
            .collect();
        put(&mut text, format_args!("RUN {}\n", command.join(" ")));
    }
    for link in links {
        let parent = link.rsplit_once('/').map_or("/", |(parent, _)| parent);
        let (parent, link) = (quote(parent), quote(link));
        put(&mut text, format_args!("RUN mkdir -p {parent} && ln -s /testbed {link}\n"));
    }
    text.push_str(image.path);
    text
}

/// Returns what is installed: the exact choice of the installers where they
/// left one, else what they were asked for.
pub(super) fn requirements(recipe: &EnvironmentRecipe, lock: Option<&str>) -> String {
    let asked = || recipe.requirements.join("\n");
    let chosen = |lock: &str| -> String {
        let exact = |line: &&str| line.contains("==") && !line.starts_with('-');
        lock.lines().filter(exact).collect::<Vec<_>>().join("\n")
    };
    let text = lock.map_or_else(asked, chosen);
    if text.is_empty() { text } else { format!("{text}\n") }
}

/// Returns true for the argument that makes an installer install the project itself.
fn is_work_tree(part: &String) -> bool {
    part == "/work" || part.starts_with("/work[")
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("writing to a string cannot fail");
}

# What marks a deployment: annotated tags in this repository; read in after lib.sh. GitLab makes a tag once, it outlives
# every job, and each of ours says which job made it, so that an answer that was lost can be told from a deployment that
# somebody else has started.
# shellcheck shell=sh disable=SC2154 # lib.sh sets them

# The commit that was tested, the start of a deployment, and its end.
tested_tag() {
  printf 'deployment-tested/%s' "$1"
}
started_tag() {
  printf 'deployment-started/%s' "$1"
}
ended_tag() {
  printf 'deployment-ended/%s' "$1"
}

# make_tag NAME TEXT
make_tag() {
  git -c user.name=deployment -c user.email=deployment@localhost tag --annotate --force --message "$2" "$1"
}

# push_tags NAME...: all or none. The token of a job may not push: the tests of a service could use theirs.
push_tags() {
  need CI_PROJECT_PATH
  for tag in "$@"; do
    set -- "$@" "refs/tags/$tag"
    shift
  done
  git_as DEPLOYMENT_TOKEN push --quiet --atomic "$CI_SERVER_URL/$CI_PROJECT_PATH.git" "$@"
}

# remote_tag NAME: the object that the tag is in GitLab, nothing where there is none. Fails where GitLab does not say.
remote_tag() {
  git ls-remote origin "refs/tags/$1" >"$scratch/tags" || return 1
  cut -f 1 "$scratch/tags"
}

# tag_text NAME: what a tag in GitLab says.
tag_text() {
  git fetch --quiet --no-tags --force origin "refs/tags/$1:refs/tags/$1" && git tag --list --format '%(contents)' "$1"
}

# keep NAME TEXT: makes a tag; one that is there already must say the same.
keep() {
  make_tag "$1" "$2"
  keep_tries=0
  until push_tags "$1" 2>"$scratch/push"; do
    keep_there=$(remote_tag "$1") || fail "GitLab does not say whether there is a tag $1"
    if [ -n "$keep_there" ]; then
      keep_said=$(tag_text "$1") || fail "The tag $1 cannot be read"
      [ "$keep_said" = "$2" ] || fail "The tag $1 says something else already: $keep_said"
      return 0
    fi
    keep_tries=$((keep_tries + 1))
    [ "$keep_tries" -lt 3 ] || fail "GitLab did not take the tag $1: $(cat "$scratch/push")"
    sleep "$keep_tries"
  done
}

# how_it_ended RUN: `STATUS text` of a deployment that has ended, nothing of one that has not.
how_it_ended() {
  how_ended=$(remote_tag "$(ended_tag "$1")") || return 1
  [ -n "$how_ended" ] || return 0
  how_said=$(tag_text "$(ended_tag "$1")") || return 1
  case $how_said in
    'SUCCESS '* | 'FAILURE '*) printf '%s' "$how_said" ;;
    *) return 1 ;;
  esac
}

# close RUN TEXT: takes the place of the deployment, so that none starts any more; whether there was none.
close() {
  make_tag "$(started_tag "$1")" "$CI_PIPELINE_URL $CI_JOB_URL"
  make_tag "$(ended_tag "$1")" "FAILURE $2"
  close_tries=0
  until push_tags "$(started_tag "$1")" "$(ended_tag "$1")" 2>"$scratch/push"; do
    close_there=$(remote_tag "$(started_tag "$1")") || fail 'GitLab does not say which deployments were started'
    [ "$close_there" != "$(git rev-parse "refs/tags/$(started_tag "$1")")" ] || return 0
    [ -z "$close_there" ] || return 1
    close_tries=$((close_tries + 1))
    [ "$close_tries" -lt 3 ] || fail "GitLab did not take the mark: $(cat "$scratch/push")"
    sleep "$close_tries"
  done
}

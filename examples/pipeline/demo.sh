#!/usr/bin/env bash
# A hosted repository, a pipeline, a push, an approval, a site: examples/pipeline/demo.sh
# Needs `penstock` (with its extra `server`), git, the aws CLI, python3 and curl. Its data stays in DATA.
set -euo pipefail
cd "$(dirname "$0")"

DATA=${DATA:-$(mktemp -d /var/tmp/penstock-demo-XXXXXX)}
PENSTOCK=${PENSTOCK:-penstock}
AWS=${AWS:-aws}
ROLE=arn:aws:iam::000000000000:role/mill

say() { printf '\n== %s\n' "$*"; }

say "a server (builds run on this machine; without --runner-where they run in containers)"
"$PENSTOCK" up --detach --data "$DATA" --port "${PORT:-0}" --runner-where host
eval "$("$PENSTOCK" env --data "$DATA")"
export AWS_PAGER=
# Version 2 of the CLI does not always read AWS_ENDPOINT_URL.
aws() { "$AWS" --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

project() { # its name, and its buildspec
  aws codebuild create-project --name "$1" --service-role "$ROLE" --artifacts type=CODEPIPELINE \
    --source "{\"type\":\"CODEPIPELINE\",\"buildspec\":$2}" \
    --environment type=LINUX_CONTAINER,image=aws/codebuild/standard:7.0,computeType=BUILD_GENERAL1_SMALL \
    --query project.name
}
# The tests get the pages only, so their buildspecs are the projects' own.
inline() { python3 -c 'import json, sys; print(json.dumps(open(sys.argv[1]).read()))' "$1"; }

push() { # a commit's message
  git -C "$DATA/site" add .
  git -C "$DATA/site" -c user.name=miller -c user.email=miller@example.com commit -qm "$1"
  git -C "$DATA/site" push -q origin main
}
release() { # until somebody has to approve, and then to the end
  "$PENSTOCK" pipelines mill --watch --until approval --data "$DATA"
  "$PENSTOCK" approve mill --summary "looks right" --data "$DATA"
  "$PENSTOCK" pipelines mill --watch --data "$DATA"
}
site() {
  curl -fsS -H "Host: mill-site.s3-website.localhost" "$AWS_ENDPOINT_URL/$1"
}

say "a hosted repository, and a first push"
aws codecommit create-repository --repository-name mill --query repositoryMetadata.cloneUrlHttp
cp -r site "$DATA/site"
git -C "$DATA/site" init -q -b main
git -C "$DATA/site" remote add origin "$("$PENSTOCK" git-url mill --data "$DATA")"
push "The first pages"

say "the buckets, the projects, the pipeline, which starts at once"
aws s3 mb s3://mill-artifacts
aws s3 mb s3://mill-site
aws s3 website s3://mill-site --index-document index.html
aws s3api delete-public-access-block --bucket mill-site
aws s3api put-bucket-policy --bucket mill-site --policy "$(cat everybody-reads.json)"
project mill-pages '"buildspec.yml"'
project mill-links "$(inline site/links.yml)"
project mill-titles "$(inline site/titles.yml)"
aws codepipeline create-pipeline --cli-input-json file://pipeline.json --query pipeline.version
release

say "the site"
site index.html

say "a push starts it again"
printf 'Flour\n\nGround on Fridays.\n' >"$DATA/site/pages/flour.txt"
push "Flour"
release
site flour.html | tee "$DATA/flour.html"
grep -q "made from $(git -C "$DATA/site" rev-parse HEAD)" "$DATA/flour.html"

say "what became of it, and of the last commit"
"$PENSTOCK" pipelines mill --data "$DATA"
"$PENSTOCK" triggers explain mill "$(git -C "$DATA/site" rev-parse HEAD)" --data "$DATA"

say "the server is still up: eval \"\$($PENSTOCK env --data $DATA)\", then any aws command"
echo "   stop it with: $PENSTOCK down --data $DATA"

#!/usr/bin/env bash
# Deploys E-Com67's pipelines, shows how they are, and takes them away again.
#
#   ./deploy_pipelines.sh            asks what to do
#   ./deploy_pipelines.sh COMMAND    does it: check, backend, frontend, frontend-pipelines, all,
#                                    status, destroy-old, destroy
set -euo pipefail
cd "$(dirname "$0")"

REPOSITORY=e-com67
BACKEND=E-Com67-BackendPipelineStack
FRONTEND=E-Com67-FrontendStack
SITES=(E-Com67-AdminPipelineStack E-Com67-CustomerPipelineStack)
OLD=E-Com67-PipelineStack
PIPELINES=(e-com67-backend-pipeline e-com67-admin-dashboard-pipeline e-com67-customer-app-pipeline)

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2 && exit 1; }

# Version 2 of the CLI does not always read AWS_ENDPOINT_URL.
aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"; }

cdk() {
  local program=(npx cdk)
  # One that is installed, or else the repository's own (npm ci).
  if command -v cdk >/dev/null; then program=(command cdk); fi
  "${program[@]}" "$@"
}

check() {
  local program
  say "prerequisites"
  for program in aws node npx python3; do
    command -v "$program" >/dev/null || fail "$program is not installed"
  done
  # To import it takes seconds.
  python3 -c 'import sys; from importlib.util import find_spec; sys.exit(not find_spec("aws_cdk"))' ||
    fail "aws-cdk-lib is not there: python3 -m pip install -r requirements.txt"
  cdk --version >/dev/null 2>&1 || fail "the CDK CLI is not there: npm ci"
  echo "account: $(aws sts get-caller-identity --query Account --output text)" ||
    fail "AWS does not answer: are there credentials?"
  aws codecommit get-repository --repository-name "$REPOSITORY" \
    --query repositoryMetadata.cloneUrlHttp --output text ||
    fail "make the repository first: aws codecommit create-repository --repository-name $REPOSITORY"
}

deploy() { cdk deploy --require-approval never "$@"; }

backend() {
  say "the back end's pipeline"
  USE_BACKEND_PIPELINE=true deploy "$BACKEND"
}

frontend() {
  say "buckets and CDN of the front ends"
  deploy "$FRONTEND"
}

frontend_pipelines() {
  say "the front ends' pipelines"
  USE_FRONTEND_PIPELINES=true deploy "${SITES[@]}"
}

# The CDN first: the front ends' pipelines import its name.
all() {
  frontend
  say "the three pipelines"
  USE_BACKEND_PIPELINE=true USE_FRONTEND_PIPELINES=true deploy "$BACKEND" "${SITES[@]}"
  status
}

status() {
  local pipeline
  for pipeline in "${PIPELINES[@]}"; do
    say "$pipeline"
    aws codepipeline get-pipeline-state --name "$pipeline" --output table \
      --query 'stageStates[].[stageName, latestExecution.status]' 2>/dev/null ||
      echo "is not deployed"
  done
}

# By CloudFormation alone: of the old pipeline no app has the stack any more.
remove() {
  local stack
  for stack in "$@"; do aws cloudformation delete-stack --stack-name "$stack"; done
  for stack in "$@"; do aws cloudformation wait stack-delete-complete --stack-name "$stack"; done
}

destroy_old() {
  say "the one pipeline that these three have replaced"
  remove "$OLD"
}

# The pipelines only: buckets, distributions, tables and what the pipelines deployed stay.
destroy() {
  say "the pipelines"
  remove "$BACKEND" "${SITES[@]}"
}

menu() {
  local choice
  PS3="What shall be done? "
  select choice in "Deploy Backend CI/CD Pipeline" "Deploy Frontend Stack (S3 + CloudFront)" \
    "Deploy Frontend CI/CD Pipelines" "Destroy Old Pipeline Stack" "Show Pipeline Status" \
    "Deploy All" "Quit"; do
    case $choice in
      *Backend*) backend ;;
      *Stack\ \(*) frontend ;;
      *Frontend*) frontend_pipelines ;;
      *Old*) destroy_old ;;
      *Status) status ;;
      *All) all ;;
      Quit) break ;;
      *) echo "say a number of the list" ;;
    esac
  done
}

case ${1:-menu} in
  check) check ;;
  status) status ;;
  destroy-old) check && destroy_old ;;
  menu | backend | frontend | frontend-pipelines | all | destroy)
    check
    command=${1:-menu}
    "${command//-/_}"
    ;;
  *) fail "say check, backend, frontend, frontend-pipelines, all, status, destroy-old or destroy" ;;
esac

"""Two pipelines that are right, for the examples of rules to differ from."""

from __future__ import annotations

DECLARATION = """\
pipeline:
  name: web
  roleArn: arn:aws:iam::111122223333:role/pipeline
  artifactStore: {type: S3, location: web-artifacts}
  stages:
    - name: Source
      actions:
        - name: Tree
          actionTypeId: {category: Source, owner: AWS, provider: CodeCommit, version: "1"}
          configuration: {RepositoryName: web, BranchName: main}
          outputArtifacts: [{name: tree}]
          namespace: Source
    - name: Build
      actions:
        - name: Site
          actionTypeId: {category: Build, owner: AWS, provider: CodeBuild, version: "1"}
          configuration: {ProjectName: site}
          inputArtifacts: [{name: tree}]
          outputArtifacts: [{name: site}]
          namespace: Site
    - name: Deploy
      actions:
        - name: Stack
          actionTypeId: {category: Deploy, owner: AWS, provider: CloudFormation, version: "1"}
          inputArtifacts: [{name: site}]
          configuration:
            ActionMode: CREATE_UPDATE
            StackName: site
            RoleArn: arn:aws:iam::111122223333:role/deploy
            TemplatePath: site::template.yml
"""

TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Artifacts:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
  Repository:
    Type: AWS::CodeCommit::Repository
    Properties: {RepositoryName: web}
  PipelineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: codepipeline.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: all
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ['s3:*', 'codecommit:*', 'codebuild:*'], Resource: '*'}
  BuildRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: codebuild.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: all
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ['s3:*', 'logs:*'], Resource: '*'}
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: site
      ServiceRole: !GetAtt BuildRole.Arn
      Artifacts: {Type: CODEPIPELINE}
      Environment:
        Type: LINUX_CONTAINER
        ComputeType: BUILD_GENERAL1_SMALL
        Image: aws/codebuild/standard:7.0
      Source:
        Type: CODEPIPELINE
        BuildSpec: |
          version: 0.2
          env:
            exported-variables: [REVISION]
          phases:
            build:
              commands:
                - REVISION=$(git rev-parse HEAD)
                - make site
          artifacts:
            files: ['**/*']
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !GetAtt PipelineRole.Arn
      ArtifactStore: {Type: S3, Location: !Ref Artifacts}
      Stages:
        - Name: Source
          Actions:
            - Name: Tree
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: '1'}
              Configuration:
                RepositoryName: !GetAtt Repository.Name
                BranchName: main
              OutputArtifacts: [{Name: tree}]
        - Name: Build
          Actions:
            - Name: Site
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration: {ProjectName: !Ref Build}
              InputArtifacts: [{Name: tree}]
              OutputArtifacts: [{Name: site}]
              Namespace: Site
        - Name: Release
          Actions:
            - Name: Approve
              ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: '1'}
              Configuration: {CustomData: 'Release #{Site.REVISION}?'}
"""


def but(text: str, *changes: tuple[str, str]) -> str:
    """The text with some of it in other words. Raises ValueError for words it has not."""
    for old, new in changes:
        if old not in text:
            raise ValueError(f"the example has no {old!r}")
        text = text.replace(old, new, 1)
    return text

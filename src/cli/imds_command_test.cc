#include "cli/imds_command.h"

#include <gtest/gtest.h>

namespace warifu::cli {
namespace {

TEST(AssumedRole, AnAnswersCredentialsAreRead) {
  const auto out = assumed_role(
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s+/="
      "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-07-04T11:38:50Z</Expiration></Credentials>"
      "</AssumeRoleResult></AssumeRoleResponse>");
  ASSERT_TRUE(out);
  EXPECT_EQ(out->access_key_id, "ASIAX");
  EXPECT_EQ(out->secret_access_key, "s+/=");
  EXPECT_EQ(out->expires.ms, 1'783'165'130'000);
}

TEST(AssumedRole, AnErrorsOwnMessageIsTold) {
  const auto out = assumed_role("<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message, "not you");
}

TEST(AssumedRole, WhatIsNoAnswerIsRefused) {
  for (const char* text : {"", "<AccessKeyId>", "<AccessKeyId>A</AccessKeyId>", "</AccessKeyId><AccessKeyId>x",
                           "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                           "</SessionToken><Expiration>soon</Expiration>"}) {
    EXPECT_FALSE(assumed_role(text)) << text;
  }
}

}  // namespace
}  // namespace warifu::cli

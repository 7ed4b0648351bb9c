#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/why.h"

namespace warifu::cli {
namespace {

TEST(Explanation, ReadsLikeAnAnswer) {
  const auto answer =
      json::parse(R"({"Message":"no","View":"owner","Explanation":{"Allowed":false,"Action":"a:B","Resource":"r",)"
                  R"("Principal":{"Account":"222222222222","UserId":"AROA:s"},)"
                  R"("Keys":[{"Key":"aws:SourceIp","Values":["10.0.0.1"]}],)"
                  R"("Layers":[{"Layer":"resource-based policy","Verdict":"silent","Missing":true,"Statements":[)"
                  R"({"Policy":"P","Statement":0,"Sid":"S","Effect":"Allow","Applies":false,"Failed":[)"
                  R"({"Element":"Condition","Operator":"StringEquals","Key":"aws:SourceAccount","PolicyValues":["1"],)"
                  R"("RequestValues":[],"Note":"the request has no such key"}]}]}],)"
                  R"("Absent":["permissions boundary"],)"
                  R"("Fixes":[{"Account":"111111111111","Where":"its policy","Statement":"{}"}]}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(explanation_text(*answer),
            "DENIED   a:B on r\n"
            "  no\n"
            "You see the resource owner's half; the caller's account sees its own.\n"
            "\n"
            "Principal  AROA:s of account 222222222222\n"
            "Keys\n"
            "  aws:SourceIp = 10.0.0.1\n"
            "Layers\n"
            "  resource-based policy       silent  ← its allow is missing\n"
            "    nearest:\n"
            "    Allow S of P\n"
            "      Condition StringEquals aws:SourceAccount: the request has no such key\n"
            "        policy:  1\n"
            "  permissions boundary        there is none  ← its allow is missing\n"
            "\n"
            "To allow it, account 111111111111 adds to its policy:\n"
            "  {}\n");
}

TEST(Explanation, AnAnswerOfAnotherFormIsNoCrash) {
  for (const char* text :
       {"{}", "[]", R"({"Explanation":1})", R"({"Explanation":{"Layers":[1,{"Statements":[{}]}]}})"}) {
    const auto answer = json::parse(text);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(explanation_text(*answer).empty());
  }
}

}  // namespace
}  // namespace warifu::cli

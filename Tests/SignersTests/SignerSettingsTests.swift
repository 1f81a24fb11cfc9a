import Domain
import Testing

@testable import Signers

struct SignerSettingsTests {
  @Test func `signers are read with what they are given, sorted by name`() throws {
    let text = #"""
      {"version":1,"signers":{
        "hsm":{"program":"/usr/bin/sign","key":"slot-1","arguments":["--token","a b"],
          "environment":{"HSM":"1"},"timeoutSeconds":5},
        "cloud":{"program":"/opt/kms","key":"projects/x"}}}
      """#
    #expect(
      try SignerSettings.parse(Array(text.utf8)) == [
        SignerSettings(name: "cloud", program: "/opt/kms", key: "projects/x"),
        SignerSettings(
          name: "hsm", program: "/usr/bin/sign", arguments: ["--token", "a b"], key: "slot-1",
          environment: ["HSM": "1"], timeoutSeconds: 5),
      ])
  }

  @Test(arguments: [
    ("[]", ""), (#"{"version":2,"signers":{}}"#, ""), (#"{"version":1,"signers":{},"more":1}"#, ""),
    (#"{"version":1,"signers":{"a":{"program":"sign","key":"k"}}}"#, "/signers/a/program"),
    (#"{"version":1,"signers":{"a":{"program":"/s"}}}"#, "/signers/a/key"),
    (#"{"version":1,"signers":{"A B":{"program":"/s","key":"k"}}}"#, "/signers/A B"),
    (#"{"version":1,"signers":{"a":{"program":"/s","key":"k","shell":true}}}"#, "/signers/a"),
    (#"{"version":1,"signers":{"a":{"program":"/s","key":"k","arguments":[1]}}}"#, "/signers/a/arguments"),
    (
      #"{"version":1,"signers":{"a":{"program":"/s","key":"k","environment":{"A=B":"c"}}}}"#,
      "/signers/a/environment"
    ),
    (
      #"{"version":1,"signers":{"a":{"program":"/s","key":"k","timeoutSeconds":301}}}"#,
      "/signers/a/timeoutSeconds"
    ),
  ])
  func `what is none is refused by its place`(text: String, place: String) {
    let problem = #expect(throws: Problem.self) { try SignerSettings.parse(Array(text.utf8)) }
    #expect(problem?.code == "signer.settings")
    #expect(problem?.position == (place.isEmpty ? nil : place))
  }
}

import Domain
import Encoding
import Testing

@Suite struct LedgerEntryTests {
  private static func entry(act: Act = .push, phase: ActPhase = .done) -> LedgerEntry {
    LedgerEntry(
      time: Timestamp(milliseconds: 1_795_253_400_250), principal: Principal(kind: .service, name: "ci"),
      act: act, phase: phase, subject: "iris@3", trace: "t1", details: ["bytes": 12, "name": "é\n"])
  }

  @Test func `the bytes that are hashed stay as they are`() {
    #expect(
      String(decoding: Self.entry().canonicalBytes, as: UTF8.self)
        == #"{"act":"push","details":{"bytes":12,"name":"é\n"},"phase":"done","principal":"service:ci","#
        + #""subject":"iris@3","time":1795253400250,"trace":"t1"}"#)
  }

  @Test func `the names of acts and phases stay as they are`() {
    #expect(
      Act.allCases.map(\.rawValue) == [
        "found", "push", "inspect", "lift", "test", "gate", "sign", "pack", "roll-out", "roll-back",
        "begin-roll-out", "step-roll-out", "hold-roll-out", "undo-roll-out", "plan-roll-outs",
        "share", "apply",
        "create-key",
        "revoke-key",
        "set-issuer", "remove-issuer", "set-policy",
        "set-alias", "remove-alias", "supervise", "recover", "keep-records", "add-seal-key",
        "retire-seal-key", "revoke-seal-key", "revoke-version", "reseal", "sign-revocations",
        "publish-manifest", "remove-manifest", "remove-tag", "collect",
        "add-principal", "remove-principal", "grant", "remove-grant", "create-api-key", "end-api-key",
        "set-provider",
        "remove-provider", "add-project", "assign-model", "set-facts", "propose-policy", "withdraw-policy",
        "apply-policy",
        "approve", "wait", "forget-origins", "add-webhook", "remove-webhook", "redeliver", "add-witness",
        "remove-witness",
        "cosign", "decide-threat", "import-advisories", "repave", "schedule-repaves", "alert",
        "give-feedback",
        "begin-alert", "end-alert", "acknowledge-alert", "silence-alerts", "end-silence", "apply-alert-rules",
        "add-receiver", "remove-receiver", "restore", "set-environment", "promote", "take-promotion",
        "request",
      ])
    #expect([ActPhase.begun, .done, .failed].map(\.rawValue) == ["begun", "done", "failed"])
  }

  @Test(arguments: Act.allCases, [ActPhase.begun, .done, .failed])
  func `an entry reads back from its bytes`(act: Act, phase: ActPhase) throws {
    let entry = Self.entry(act: act, phase: phase)
    let read = try #require(LedgerEntry(json: try JSON(parsing: entry.canonicalBytes)))
    #expect(read == entry)
    #expect(read.canonicalBytes == entry.canonicalBytes)
  }

  @Test(arguments: ["time", "principal", "act", "phase", "subject", "trace", "details"])
  func `an entry without one of its parts is none`(name: String) throws {
    var members = try #require(Self.entry().json.object)
    members[name] = nil
    #expect(LedgerEntry(json: .object(members)) == nil)
    members[name] = true
    #expect(LedgerEntry(json: .object(members)) == nil)
  }

  @Test(arguments: [("act", "destroy"), ("phase", "half"), ("principal", "ci"), ("principal", "robot:ci")])
  func `an entry with a word that is not known is none`(name: String, word: String) throws {
    var members = try #require(Self.entry().json.object)
    members[name] = .string(word)
    #expect(LedgerEntry(json: .object(members)) == nil)
  }
}

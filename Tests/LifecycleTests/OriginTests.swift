import Access
import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

/// From where somebody asks, as the ledger has it.
struct OriginTests {
  private static func asking(
    _ control: ControlPlane, _ address: String?, _ credential: String? = "nonsense"
  ) async -> Problem? {
    do throws(Problem) {
      _ = try await control.authenticator().authenticate(
        credential, asking: "GET models", at: .control, from: address)
      return nil
    } catch { return error }
  }

  @Test func `an act says from where it was asked for and with what, and names no address`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      var actor = Actor.administrator
      actor.origin = Origin(face: .registry, address: "0123456789ab")
      _ = try await control.addService("ci", by: actor)
    }
    let entry = try #require(try await bench.entries().last { $0.act == .addPrincipal })
    #expect(
      entry.details["origin"] == ["face": "registry", "address": "0123456789ab", "with": "administrator"])
  }

  @Test func `a refusal says it too, and one address has one handle a day`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1"] { _ = await Self.asking(control, address) }
      let known = try await control.knownOrigins()
      #expect(known.map(\.address).sorted() == ["192.0.2.1", "192.0.2.2"])
      bench.time.advance(by: .seconds(86_400))
      _ = await Self.asking(control, "192.0.2.1")
      let handles = Set(try await control.knownOrigins().map(\.handle))
      #expect(handles.count == 3)
      let named = try await bench.entries().compactMap { $0.details["origin"]?["address"]?.string }
      #expect(Set(named) == handles)
      #expect(named.count == 4)
    }
    for bytes in await bench.registry.entryBytes(from: 0, count: 1000) {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("192.0.2"))
    }
  }

  @Test func `what is forgotten is gone, and the ledger stays as it is`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = await Self.asking(control, "192.0.2.1")
      bench.time.advance(by: .seconds(60))
      let moment = control.now()
      _ = await Self.asking(control, "192.0.2.2")
      try await control.forgetOrigins(before: moment, by: .administrator)
      let left = try await control.knownOrigins().map(\.address)
      #expect(left == ["192.0.2.2"])
      // Whoever asks again has another handle, which stands for something.
      _ = await Self.asking(control, "192.0.2.1")
      let again = try await control.knownOrigins()
      #expect(again.map(\.address).contains("192.0.2.1"))
      let last = try await bench.entries().last { $0.act == .request }
      #expect(again.map(\.handle).contains(last?.details["origin"]?["address"]?.string ?? ""))
    }
    #expect(await bench.audit().problems.isEmpty)
  }

  @Test func `past a thousand addresses a day the others have no handle`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let authenticator = control.authenticator()
      for number in 0..<1010 {
        _ = try? await authenticator.authenticate(
          "nonsense", asking: "GET models", at: .control, from: "2001:db8::\(number)")
      }
      let count = try await control.knownOrigins().count
      #expect(count == 1000)
      // Whoever is known has room left.
      let service = try await control.addService("ci", by: .administrator).principal
      let key = try await control.createAPIKey(APIKeyWish(principal: service), by: .administrator)
      let actor = try await authenticator.authenticate(
        key.key, asking: "GET models", at: .control, from: "2001:db8::ffff")
      #expect(actor.origin?.address != nil)
    }
  }
}

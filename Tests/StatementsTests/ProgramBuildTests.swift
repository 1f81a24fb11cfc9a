import Domain
import Encoding
import Provenance
import Statements
import TestKit
import Testing

/// Records that `scripts/build-record` wrote, and what somebody could make of them.
@Suite struct `A record of a program's build` {
  private static let path = "statements/gatehouse-runtime.build.json"

  private static func code(_ json: JSON) -> String? {
    do throws(Problem) {
      _ = try ProgramBuild(parsing: json.canonicalBytes)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `is read as the script wrote it`() throws {
    let bytes = try Fixtures.bytes(Self.path)
    let build = try ProgramBuild(parsing: bytes)
    #expect(build.name == "gatehouse-runtime")
    #expect(build.packages.map(\.name).contains("swift-nio"))
    #expect(build.packages.allSatisfy { !$0.version.isEmpty && $0.revision.count == 40 })
    // What only the control plane is made of.
    #expect(!build.packages.map(\.name).contains { ["grdb.swift", "hummingbird"].contains($0.lowercased()) })
    #expect(build.vendored.map(\.name) == ["boringssl", "llhttp"])
    #expect(Set(build.libraries.map(\.archive)).isSuperset(of: ["libc.a", "libz.a"]))
    #expect(Array("\(build.text)\n".utf8) == bytes, "the script writes canonical JSON")
  }

  @Test func `counts for its own program alone`() throws {
    let bytes = try Fixtures.bytes(Self.path)
    let build = try ProgramBuild(parsing: bytes)
    #expect(try ProgramBuild(parsing: bytes, of: build.program) == build)
    let problem = #expect(throws: Problem.self) { try ProgramBuild(parsing: bytes, of: Digest(of: [])) }
    #expect(problem?.code == "program-build.other-program")
  }

  @Test func `is refused in another form`() throws {
    let good = try Fixtures.json(Self.path)
    #expect(Self.code(good) == nil)
    func with(_ name: String, _ value: JSON?) -> JSON {
      var members = good.object ?? [:]
      members[name] = value
      return .object(members)
    }
    let package = try #require(good["packages"]?.array?.first)
    let bad: [JSON] = [
      [], nil, "text", [:], with("format", "gatehouse-build/2"), with("program", nil), with("more", 1),
      with("program", ["name": "a", "sha256": "ab", "size": 1]),
      with("program", ["name": "a", "sha256": .string(Digest(of: []).hexadecimal), "size": -1]),
      with("compiler", ["swift": "6", "target": "a\nb", "flags": []]),
      with("compiler", ["swift": "6", "target": "a", "flags": [1]]),
      with("source", ["commit": "main", "clean": true]), with("source", ["commit": "", "clean": 1]),
      with("packages", [package, package]), with("packages", ["text"]), with("packages", nil),
      with("packages", .array(Array(repeating: package, count: 1001))),
      with("vendored", [["name": "a", "revision": "b", "package": "c"]]),
      with("libraries", [["archive": "", "package": "a", "version": "1", "architecture": "amd64"]]),
    ]
    for json in bad { #expect(Self.code(json) == "program-build.malformed", "\(json.canonicalText)") }
    let long = [UInt8](repeating: 0x20, count: ProgramBuild.sizeLimit + 1)
    #expect(throws: Problem.self) { try ProgramBuild(parsing: long) }
    #expect(throws: Problem.self) { try ProgramBuild(parsing: Array("{".utf8)) }
  }

  @Test func `never traps, whatever was changed in it`() throws {
    let bytes = try Fixtures.bytes(Self.path)
    var numbers = SeededGenerator(seed: 7)
    for _ in 0..<2_000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        let place = Int.random(in: changed.indices, using: &numbers)
        changed[place] = UInt8.random(in: 0...255, using: &numbers)
      }
      do throws(Problem) { _ = try ProgramBuild(parsing: changed) } catch {
        #expect(error.code == "program-build.malformed")
      }
    }
  }
}

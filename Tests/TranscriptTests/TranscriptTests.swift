import Foundation
import Testing

/// The sessions in `Sessions/`, each played against the real programs in a directory of its own.
struct TranscriptTests {
  static let sessions: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.sorted()
  }()

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "Sessions")

  @Test func `there are sessions to play`() {
    #expect(Self.sessions.count >= 4)
  }

  @Test(.timeLimit(.minutes(15)), arguments: sessions)
  func `the command line does what the transcript says`(session: String) async throws {
    let text = try String(contentsOf: Self.folder.appending(path: session), encoding: .utf8)
    let transcript = try Transcript(parsing: text)
    #expect(!transcript.steps.isEmpty)
    let stage = try Stage()
    for step in transcript.steps {
      let result = try stage.run(step)
      let place: Comment = "\(session):\(step.line): \(step.command)\n\(result.output)\n\(result.errors)"
      #expect(result.status == step.status, place)
      #expect(Transcript.matches(result.outputLines, step.output), place)
      #expect(step.errors.isEmpty || Transcript.matches(result.errorLines, step.errors), place)
    }
    let left = try stage.stop()
    #expect(left.isEmpty, "\(session) left \(left)")
  }
}

/// The matching itself can fail.
struct TranscriptMatchingTests {
  @Test(arguments: [
    (["a"], ["a"], true), (["a"], ["b"], false), ([], ["..."], true), (["a", "b"], ["..."], true),
    (["a", "b", "c"], ["a", "...", "c"], true), (["a", "b"], ["a"], false), (["abc"], ["a*c"], true),
    (["abd"], ["a*c"], false), ([], ["a"], false),
  ])
  func `lines match as the marks say`(lines: [String], expected: [String], matches: Bool) {
    #expect(Transcript.matches(lines, expected) == matches)
  }
}

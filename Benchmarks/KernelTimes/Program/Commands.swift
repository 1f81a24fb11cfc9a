import Foundation
import Inference
import ModelGraph

/// The commands of the program, and the models that they have loaded.
struct Commands {
  private var models: [String: Model] = [:]
  private let clock = ContinuousClock()

  private func model(_ name: Substring) throws -> Model {
    guard let model = models[String(name)] else { throw Failure("expected a loaded model, found '\(name)'") }
    return model
  }

  private func number(_ text: Substring) throws -> Int {
    guard let number = Int(text), number > 0 else { throw Failure("expected a count, found '\(text)'") }
    return number
  }

  private func nanoseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1e9 + Double(duration.components.attoseconds) * 1e-9
  }

  /// Asks a plan, on as many threads as it says.
  private func ask(_ plan: ExecutionPlan, _ rows: Rows, threads: Int) async throws -> [Tensor] {
    let answer =
      threads == 1
      ? try plan.run([.predictProbabilities], on: rows)
      : try await plan.run([.predictProbabilities], on: rows, threads: threads)
    return answer[.predictProbabilities] ?? []
  }

  /// Carries out what stands on the standard input.
  static func carryOut() async {
    var commands = Commands()
    while let line = readLine() {
      var answer: String
      do {
        answer = try await commands.answer(line.split(separator: " "))
      } catch {
        answer = "error: \(error)"
      }
      FileHandle.standardOutput.write(Data("\(answer)\n".utf8))
    }
  }

  /// Carries out one command; gives the line to print.
  mutating func answer(_ words: [Substring]) async throws -> String {
    switch (words.first, words.count) {
    case ("load", 3):
      var loaded: Model?
      let duration = try clock.measure { loaded = try Model(String(words[2])) }
      models[String(words[1])] = loaded
      return "\(nanoseconds(duration) / 1e6)"
    case ("time", 5):
      let model = try model(words[1])
      let requests = model.requests(of: try number(words[2]))
      let threads = try number(words[3])
      let span = Duration.milliseconds(try number(words[4]))
      // Batches of requests long enough for the clock; the median of them.
      var batch = 1
      var times: [Double] = []
      var next = 0
      let start = clock.now
      while times.count < 3 || clock.now - start < span {
        let before = clock.now
        for _ in 0..<batch {
          _ = try await ask(model.plan, requests[next], threads: threads)
          next = (next + 1) % requests.count
        }
        let time = nanoseconds(clock.now - before)
        if time < 50_000 {
          batch *= 2
          times = []
        } else {
          times.append(time / Double(batch))
        }
      }
      return "\(times.sorted()[times.count / 2])"
    case ("write", 4):
      let model = try model(words[1])
      let tensors = try await ask(model.plan, model.requests(of: try number(words[2]))[0], threads: 1)
      guard case .float64(let numbers)? = tensors.first?.elements else { throw Failure("expected numbers") }
      let data = unsafe numbers.withUnsafeBufferPointer { unsafe Data(buffer: $0) }
      try data.write(to: URL(filePath: String(words[3])))
      return "\(numbers.count)"
    case ("repeat", 4):
      let model = try model(words[1])
      let requests = model.requests(of: try number(words[2]))
      for _ in 0..<(try number(words[3])) { _ = try await ask(model.plan, requests[0], threads: 1) }
      return "done"
    default: throw Failure("expected a command, found '\(words.joined(separator: " "))'")
    }
  }
}

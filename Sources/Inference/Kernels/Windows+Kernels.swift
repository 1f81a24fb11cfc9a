import Domain
import ModelGraph

extension SlidingWindow {
  /// The window over two axes, the first of length 1 where there is one only.
  fileprivate var planar: Planar {
    func both(_ axes: [Int], _ other: Int) -> (Int, Int) {
      axes.count == 1 ? (other, axes[0]) : (axes[0], axes[1])
    }
    return Planar(
      places: both(places, 1), kernel: both(kernel, 1), strides: both(strides, 1),
      dilations: both(dilations, 1), before: both(before, 0), after: both(after, 0),
      outputs: both(outputs ?? [0], 1))
  }

  fileprivate struct Planar {
    let places: (Int, Int)
    let kernel: (Int, Int)
    let strides: (Int, Int)
    let dilations: (Int, Int)
    let before: (Int, Int)
    let after: (Int, Int)
    let outputs: (Int, Int)

    var placeCount: Int { places.0 * places.1 }
    var stopCount: Int { outputs.0 * outputs.1 }
    var kernelCount: Int { kernel.0 * kernel.1 }

    /// The stops along the second axis at which an element of the window is over a place.
    func stops(at element: Int) -> Range<Int> {
      let shift = element * dilations.1 - before.1
      let first = shift >= 0 ? 0 : (-shift + strides.1 - 1) / strides.1
      let room = places.1 - 1 - shift
      let last = room < 0 ? 0 : room / strides.1 + 1
      return min(first, outputs.1)..<max(min(first, outputs.1), min(last, outputs.1))
    }
  }
}

extension Convolve: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let window = window.planar
    let outputs = bias.count
    let (inputsOfGroup, outputsOfGroup) = (channels / groups, outputs / groups)
    var result = Matrix(rows: matrix.rows, columns: outputs * window.stopCount)
    let stops = (0..<window.kernel.1).map { window.stops(at: $0) }
    for row in 0..<matrix.rows {
      let input = row * matrix.columns
      for output in 0..<outputs {
        let start = row * result.columns + output * window.stopCount
        for index in start..<(start + window.stopCount) { result.elements[index] = bias[output] }
        let firstChannel = output / outputsOfGroup * inputsOfGroup
        for channel in 0..<inputsOfGroup {
          let source = input + (firstChannel + channel) * window.placeCount
          let weightStart = (output * inputsOfGroup + channel) * window.kernelCount
          for line in 0..<window.outputs.0 {
            for first in 0..<window.kernel.0 {
              let y = line * window.strides.0 + first * window.dilations.0 - window.before.0
              guard y >= 0, y < window.places.0 else { continue }
              for second in 0..<window.kernel.1 {
                let weight = weights[weightStart + first * window.kernel.1 + second]
                let from = source + y * window.places.1 + second * window.dilations.1 - window.before.1
                let to = start + line * window.outputs.1
                for stop in stops[second] {
                  result.elements[to + stop].addProduct(
                    weight, matrix.elements[from + stop * window.strides.1])
                }
              }
            }
          }
        }
      }
    }
    return .numbers(result)
  }
}

extension Pool: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let window = window.planar
    var result = Matrix(rows: matrix.rows, columns: channels * window.stopCount)
    for channel in 0..<(matrix.rows * channels) {
      let source = channel * window.placeCount
      for line in 0..<window.outputs.0 {
        for stop in 0..<window.outputs.1 {
          result.elements[channel * window.stopCount + line * window.outputs.1 + stop] =
            pooled(matrix.elements.span, from: source, line: line, stop: stop, window)
        }
      }
    }
    return .numbers(result)
  }

  private func pooled(
    _ elements: Span<Double>, from source: Int, line: Int, stop: Int, _ window: SlidingWindow.Planar
  ) -> Double {
    var greatest = -Double.infinity
    var sum = 0.0
    var count = 0
    var padded = 0
    for first in 0..<window.kernel.0 {
      let y = line * window.strides.0 + first * window.dilations.0 - window.before.0
      for second in 0..<window.kernel.1 {
        let x = stop * window.strides.1 + second * window.dilations.1 - window.before.1
        // A window that hangs over the end of the padding has no place there at all.
        if y < window.places.0 + window.after.0, x < window.places.1 + window.after.1 { padded += 1 }
        guard y >= 0, y < window.places.0, x >= 0, x < window.places.1 else { continue }
        let element = elements[source + y * window.places.1 + x]
        if element > greatest || element.isNaN { greatest = element }
        sum += element
        count += 1
      }
    }
    switch pooling {
    case .max: return greatest
    case .mean: return sum / Double(countsPadding ? padded : count)
    }
  }
}

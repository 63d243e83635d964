//! Forecasts of a series from its own past alone, in microseconds.
//!
//! Every method takes a history with NaN for missing periods and passes over those. Exponential smoothing tries sixteen values
//! of its constant at once, one a lane, so that looking for the best costs two passes over the history.

mod flat;
mod intermittent;
mod seasonal;

pub use flat::{Level, ses, theta};
pub use intermittent::{adida, imapa, sba, tsb};
pub use seasonal::{Seasonal, seasonal_ets, seasonal_naive};

/// Lanes of a pass.
pub(crate) const LANES: usize = 16;

/// A method of this layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Method {
    /// Simple exponential smoothing, constant by least squares.
    Ses,
    /// Croston's method with Syntetos and Boylan's correction.
    Sba,
    /// Teunter, Syntetos and Babai: probability and size smoothed apart.
    Tsb,
    /// Aggregated over the mean interval, smoothed, spread again.
    Adida,
    /// The mean of several aggregations.
    Imapa,
    /// Smoothing with half the trend (theta 2).
    Theta,
    /// Holt and Winters, additive or multiplicative, damped.
    Seasonal,
    /// What was one season ago.
    SeasonalNaive,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ses,
        Self::Sba,
        Self::Tsb,
        Self::Adida,
        Self::Imapa,
        Self::Theta,
        Self::Seasonal,
        Self::SeasonalNaive,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ses => "SES",
            Self::Sba => "SBA",
            Self::Tsb => "TSB",
            Self::Adida => "ADIDA",
            Self::Imapa => "IMAPA",
            Self::Theta => "theta",
            Self::Seasonal => "seasonal ETS",
            Self::SeasonalNaive => "seasonal naive",
        }
    }

    /// Expected demand of the next `horizon` periods, none below zero.
    #[must_use]
    pub fn forecast(self, history: &[f32], season: usize, horizon: usize) -> Vec<f32> {
        let flat = |level: f32| vec![level.max(0.0); horizon];
        match self {
            Self::Ses => flat(ses(history).level),
            Self::Sba => flat(sba(history)),
            Self::Tsb => flat(tsb(history)),
            Self::Adida => flat(adida(history)),
            Self::Imapa => flat(imapa(history)),
            Self::Theta => theta(history, season, horizon),
            Self::Seasonal => seasonal_ets(history, season)
                .map_or_else(|| flat(ses(history).level), |fitted| fitted.forecast(horizon)),
            Self::SeasonalNaive => seasonal_naive(history, season, horizon),
        }
    }
}
